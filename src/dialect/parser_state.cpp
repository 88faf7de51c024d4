#include "parsed_request.h"

#include <tidegate/base/text.h>
#include <tidegate/dialect/request_view.h>

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::dialect {

BodyParser::BodyParser() : x_state(std::make_unique<detail::ParserState>()) {}
BodyParser::~BodyParser() = default;
BodyParser::BodyParser(BodyParser&&) noexcept = default;
BodyParser& BodyParser::operator=(BodyParser&&) noexcept = default;

std::size_t BodyParser::memory() const {
    // The tape takes 8 bytes a byte of the body, the structural index 4, the strings about 1.7.
    return x_state->parser.capacity() * 14;
}

namespace detail {
namespace {

// More members than this in an object that a decision reads are refused: the search for duplicates stays cheap.
constexpr std::size_t kMaximumMembers = 1024;
constexpr std::size_t kFewMembers = 24;
// A parser takes 14 bytes a byte, and an open stream keeps that of its request.
constexpr std::size_t kLeastCapacity = 1024;

std::optional<std::string_view> find_duplicate(std::vector<std::string_view>& keys) {
    if (keys.size() <= kFewMembers) {
        for (std::size_t i = 1; i < keys.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                if (keys[i] == keys[j])
                    return keys[i];
            }
        }
        return std::nullopt;
    }
    std::sort(keys.begin(), keys.end());
    const auto at = std::adjacent_find(keys.begin(), keys.end());
    return at == keys.end() ? std::nullopt : std::optional(*at);
}

}  // namespace

simdjson::simdjson_result<simdjson::dom::element> ParserState::parse(std::string_view body) {
    if (parser.capacity() < body.size()) {
        const std::size_t capacity = std::max({kLeastCapacity, body.size(), parser.capacity() * 2});
        if (const auto error = parser.allocate(capacity, kMaximumDepth))
            return error;
        if (const auto error = parser.doc.allocate(capacity))
            return error;
    }
    return parser.parse(body.data(), body.size(), false);
}

JsonTokens ParserState::tokens(std::string_view body) const {
    return {body, parser.implementation->structural_indexes.get(), parser.implementation->n_structural_indexes};
}

void ParsedRequest::clear() {
    members.clear();
    price_members.clear();
    hosted_tools.clear();
    metadata.clear();
    variables.clear();
    context.clear();
    positions.fill(-1);
    model = user = {};
    max_output_tokens.reset();
    baseline.reset();
    answers = 1;
    thinking_budget = 0;
    stream = wants_usage = wants_logprobs = has_tools = wants_json = has_system = has_reasoning =
        provider_state = unbounded_input = false;
}

Error client_error(std::string message) {
    return {.kind = ErrorKind::invalid_input, .source = ErrorSource::client, .message = std::move(message)};
}

Result<void> check_members(const simdjson::dom::object& object, std::string_view where,
                           std::vector<std::string_view>& keys) {
    keys.clear();
    for (const auto field : object) {
        if (keys.size() == kMaximumMembers)
            return client_error(fmt::format("{} has more than {} members", where, kMaximumMembers));
        keys.push_back(field.key);
    }
    const auto twice = find_duplicate(keys);
    if (!twice)
        return {};
    return client_error(
        fmt::format("the member {} occurs twice in {}", json_string(utf8_prefix(*twice, 64)), where));
}

}  // namespace detail
}  // namespace tidegate::dialect
