// Finds the texts in a message, a delta or a content block, whatever members a provider gives it.
#pragma once

#include "json_tokens.h"

#include <tidegate/base/result.h>
#include <tidegate/dialect/texts.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include <simdjson.h>

namespace tidegate::dialect::detail {

// Where the walk stands.
struct TextPath {
    TextKind kind = TextKind::text;
    std::int64_t part = 0;  // the tool call; Anthropic's content block
    std::uint64_t hash = 0;
    bool all = false;  // names are the client's own: none of them is silent

    TextPath child(std::string_view name) const;
    TextPath child(std::int64_t position) const;
};

// Takes the texts: strings, and arguments of tools that are objects or arrays.
class TextVisitor {
  public:
    virtual ~TextVisitor() = default;
    virtual void text(const TextPath& path, const simdjson::dom::element& value, const JsonItem& at) = 0;
};

// Every string is a text unless the name of its member says that it is none; a name also tells its kind. What
// a reader does not know is checked rather than let through.
class TextWalk {
  public:
    TextWalk(const JsonTokens& tokens, TextVisitor& visitor) : x_tokens(tokens), x_visitor(visitor) {}

    // All texts of the value of the member `name`. malformed if an object has a member twice.
    Result<void> member(std::string_view name, const simdjson::dom::element& value, const JsonItem& at,
                        TextPath path);

  private:
    Result<void> object(const simdjson::dom::object& object, const JsonItem& at, const TextPath& path);
    Result<void> array(const simdjson::dom::array& array, const JsonItem& at, const TextPath& path,
                       bool tool_calls);

    const JsonTokens& x_tokens;
    TextVisitor& x_visitor;
};

// malformed if a member of `object` occurs twice.
Result<void> refuse_duplicates(const simdjson::dom::object& object);

// malformed if a member of `object` occurs twice, or is named like one of `known` in other letters: some
// readers would take it for that.
Result<void> refuse_doubt(const simdjson::dom::object& object, std::initializer_list<std::string_view> known);

// The member `index`, which names an element of a list; nullopt if there is none.
std::optional<std::int64_t> index_of(const simdjson::dom::object& object);

}  // namespace tidegate::dialect::detail
