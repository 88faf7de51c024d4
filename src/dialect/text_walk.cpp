#include "text_walk.h"

#include "json_walk.h"
#include "stream_parts.h"

#include <tidegate/base/text.h>

#include <algorithm>
#include <array>
#include <vector>

namespace tidegate::dialect::detail {
namespace {

namespace dom = simdjson::dom;

// Up to here comparing each with each is cheaper than sorting.
constexpr std::size_t kFewNames = 24;

// Strings under these names are no texts: words of the format, names, addresses, bytes in base64; nor are ids
// and signatures, by the end of their names.
constexpr auto kSilent = std::to_array<std::string_view>({
    "role",
    "type",
    "id",
    "name",
    "index",
    "media_type",
    "format",
    "detail",
    "ttl",
    "object",
    "encrypted_content",
    "encrypted_index",
    "data",
    "file_data",
    "b64_json",
    "url",
    "finish_reason",
    "stop_reason",
    "stop_sequence",
    "obfuscation",
});

bool is_silent(std::string_view name) {
    return name.ends_with("_id") || name.ends_with("signature") ||
           std::find(kSilent.begin(), kSilent.end(), name) != kSilent.end();
}

bool is_tool(std::string_view name) {
    return name == "tool_calls" || name == "function_call" || name == "arguments" || name == "partial_json" ||
           name == "input";
}

TextKind kind_of(std::string_view name, TextKind around) {
    if (name == "refusal")
        return TextKind::refusal;
    if (name.starts_with("reasoning") || name.starts_with("thinking"))
        return TextKind::reasoning;
    return is_tool(name) ? TextKind::tool_arguments : around;
}

bool is_arguments(std::string_view name, const dom::element& value) {
    if (name != "input" && name != "arguments")
        return false;
    dom::object object;
    dom::array array;
    return (value.get(object) == simdjson::SUCCESS && object.begin() != object.end()) ||
           (value.get(array) == simdjson::SUCCESS && array.begin() != array.end());
}

// Anthropic's documents: a source of the type "text" has the text in `data`.
bool is_text_source(const dom::object& object) {
    std::string_view type;
    return object["type"].get(type) == simdjson::SUCCESS && type == "text";
}

constexpr std::uint64_t kPrime = 0x100000001b3U;

std::uint64_t mix(std::uint64_t hash, std::string_view bytes) {
    for (const char c : bytes) hash = (hash ^ static_cast<std::uint8_t>(c)) * kPrime;
    return (hash ^ 0xffU) * kPrime;
}

bool is_ascii(std::string_view name) {
    std::uint8_t all = 0;
    for (const char c : name) all |= static_cast<std::uint8_t>(c);
    return all < 0x80;
}

// Names are the provider's words: they may hold what guardrails look for.
Error twice() {
    return malformed("a member occurs twice");
}

}  // namespace

TextPath TextPath::child(std::string_view name) const {
    return {kind_of(name, kind), part, mix(hash, name), all || name == "variables"};
}

TextPath TextPath::child(std::int64_t position) const {
    return {kind, part, mix(hash, std::to_string(position)), all};
}

Result<void> TextWalk::member(std::string_view name, const dom::element& value, const JsonItem& at,
                              TextPath path) {
    if (value.is_string()) {
        if (path.all || !is_silent(name))
            x_visitor.text(path, value, at);
        return {};
    }
    if (is_arguments(name, value)) {
        x_visitor.text(path, value, at);
        return {};
    }
    dom::object object;
    if (value.get(object) == simdjson::SUCCESS)
        return this->object(object, at, path);
    dom::array array;
    if (value.get(array) == simdjson::SUCCESS)
        return this->array(array, at, path, name == "tool_calls");
    return {};
}

Result<void> TextWalk::object(const dom::object& object, const JsonItem& at, const TextPath& path) {
    Result<void> result = refuse_duplicates(object);
    if (!result)
        return result;
    return each_member(x_tokens, object, at.token,
                       [&](std::string_view name, const dom::element& value, const JsonItem& item) {
                           if (name == "data" && value.is_string() && is_text_source(object)) {
                               x_visitor.text(path, value, item);
                               return Result<void>();
                           }
                           return name == "logprobs" ? Result<void>()
                                                     : member(name, value, item, path.child(name));
                       });
}

Result<void> TextWalk::array(const dom::array& array, const JsonItem& at, const TextPath& path,
                             bool tool_calls) {
    std::int64_t position = 0;
    return each_element(x_tokens, array, at.token, [&](const dom::element& element, const JsonItem& item) {
        dom::object object;
        std::int64_t index = position++;
        if (element.get(object) == simdjson::SUCCESS)
            index = index_of(object).value_or(index);
        TextPath inner = path.child(index);
        if (tool_calls)
            inner.part = index;
        return member({}, element, item, inner);
    });
}

Result<void> refuse_duplicates(const dom::object& object) {
    if (object.size() <= kFewNames) {
        for (auto field = object.begin(); field != object.end(); ++field) {
            for (auto other = object.begin(); other != field; ++other) {
                if (other.key() == field.key())
                    return twice();
            }
        }
        return {};
    }
    std::vector<std::string_view> names;
    for (const auto field : object) names.push_back(field.key);
    std::sort(names.begin(), names.end());
    const auto found = std::adjacent_find(names.begin(), names.end());
    return found == names.end() ? Result<void>() : twice();
}

Result<void> refuse_doubt(const dom::object& object, std::initializer_list<std::string_view> known) {
    Result<void> result = refuse_duplicates(object);
    if (!result)
        return result;
    for (const auto field : object) {
        const std::string_view name = field.key;
        if (std::find(known.begin(), known.end(), name) != known.end())
            continue;
        const bool other_letters = std::any_of(known.begin(), known.end(), [&](std::string_view exact) {
            return equals_ignoring_case(name, exact);
        });
        if (!is_ascii(name) || other_letters)
            return malformed("a member may be taken for another one");
    }
    return {};
}

std::optional<std::int64_t> index_of(const dom::object& object) {
    std::int64_t index = 0;
    if (object["index"].get(index) != simdjson::SUCCESS)
        return std::nullopt;
    return index;
}

}  // namespace tidegate::dialect::detail
