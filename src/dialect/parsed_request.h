// What reading a request leaves in its BodyParser.
#pragma once

#include "json_tokens.h"
#include "members.h"

#include <tidegate/dialect/request_view.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

namespace tidegate::dialect::detail {

struct Member {
    std::string_view key;  // unescaped
    simdjson::dom::element value;
    JsonItem at;
    Known known = Known::count;
};

struct ParsedRequest {
    Format format = Format::openai;
    Operation operation = Operation::chat;
    std::string_view body;
    JsonTokens tokens;
    std::vector<Member> members;                        // in the order of the body
    std::array<std::int16_t, kKnownCount> positions{};  // in members, -1 if absent

    // Facts, filled by RequestView::read.
    std::string_view model;
    std::string_view user;
    std::optional<std::int64_t> max_output_tokens;
    std::optional<std::string_view> baseline;
    std::int64_t answers = 1;
    std::int64_t thinking_budget = 0;
    bool stream = false;
    bool wants_usage = false;
    bool wants_logprobs = false;
    bool has_tools = false;
    bool wants_json = false;
    bool has_system = false;
    bool has_reasoning = false;
    bool provider_state = false;
    bool unbounded_input = false;
    std::vector<std::string_view> price_members;
    std::vector<std::string_view> hosted_tools;
    std::vector<MetadataEntry> metadata;
    std::vector<Variable> variables;
    std::vector<std::string_view> context;
    std::vector<std::string_view> keys;  // scratch of the search for duplicates

    // The member, or nullptr. A member that is null counts as absent for decisions: see value().
    const Member* find(Known known) const {
        const std::int16_t at = positions[static_cast<std::size_t>(known)];
        return at < 0 ? nullptr : &members[static_cast<std::size_t>(at)];
    }
    // The member if it is there and not null.
    const Member* value(Known known) const {
        const Member* member = find(known);
        return member != nullptr && !member->value.is_null() ? member : nullptr;
    }
    void clear();
};

// simdjson's parser, which takes 14 bytes for each of the largest document so far. What it returns is valid
// until it parses the next one.
struct JsonParser {
    simdjson::dom::parser parser;

    // `body` is padded.
    simdjson::simdjson_result<simdjson::dom::element> parse(std::string_view body);
    JsonTokens tokens(std::string_view body) const;
    std::size_t memory() const { return parser.capacity() * 14; }
};

// What a parser made of one document, in no more memory than that takes.
class ParsedJson {
  public:
    void copy(const JsonParser& from, std::size_t body_size);
    simdjson::dom::element root() const { return document_.root(); }
    JsonTokens tokens(std::string_view body) const;
    std::size_t memory() const;

  private:
    simdjson::dom::document document_;
    std::vector<std::uint32_t> index_;
    std::size_t words_ = 0, string_bytes_ = 0;  // room for them in the document
};

struct ParserState {
    ParsedRequest request;

    // Parses `body` (padded); tokens() and the returned element are valid until the next call.
    simdjson::simdjson_result<simdjson::dom::element> parse(std::string_view body);
    JsonTokens tokens(std::string_view body) const;
    std::size_t memory() const { return large_.memory() + small_.memory(); }

  private:
    JsonParser large_;
    ParsedJson small_;
    bool is_small_ = false;
};

Error client_error(std::string message);

// An object that a decision reads: its members each once, and not too many of them. `where` names it in the
// message.
Result<void> check_members(const simdjson::dom::object& object, std::string_view where,
                           std::vector<std::string_view>& keys);

// Walks messages, system and tools: looks for duplicates, provider state, reasoning, prices. See
// request_survey.cpp.
Result<void> survey(ParsedRequest& request);

// Why simdjson refused the body, in words for the client.
std::string describe(simdjson::error_code code, std::string_view body);

}  // namespace tidegate::dialect::detail
