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
    return x_state->memory();
}

namespace detail {
namespace {

// More members than this in an object that a decision reads are refused: the search for duplicates stays cheap.
constexpr std::size_t kMaximumMembers = 1024;
constexpr std::size_t kFewMembers = 24;
constexpr std::size_t kLeastCapacity = 1024;
// Up to here a thread's bodies share a parser, and each keeps a copy of what it made: a call keeps its request
// parsed until its end, and the parser's memory stays in the cache.
constexpr std::size_t kSmallBody = 16UL * 1024;

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

// The tape takes 8 bytes a byte of the body, the structural index 4, the strings about 1.7.
simdjson::simdjson_result<simdjson::dom::element> JsonParser::parse(std::string_view body) {
    if (parser.capacity() < body.size()) {
        const std::size_t capacity = std::max({kLeastCapacity, body.size(), parser.capacity() * 2});
        if (const auto error = parser.allocate(capacity, kMaximumDepth))
            return error;
        if (const auto error = parser.doc.allocate(capacity))
            return error;
    }
    return parser.parse(body.data(), body.size(), false);
}

JsonTokens JsonParser::tokens(std::string_view body) const {
    return {body, parser.implementation->structural_indexes.get(), parser.implementation->n_structural_indexes};
}

// The tape's first word says where it ends, and strings are found from the beginning of theirs (simdjson,
// doc/tape.md). A string takes its length, its bytes and an end mark where its quotes were; many empty ones,
// with a bracket or a comma each, five bytes for three.
void ParsedJson::copy(const JsonParser& from, std::size_t body_size) {
    constexpr std::size_t kMoreThanQuotes = sizeof(std::uint32_t) + 1 - 2;
    const simdjson::dom::document& made = from.parser.doc;
    const std::uint32_t tokens = from.parser.implementation->n_structural_indexes;
    const std::size_t words = made.tape[0] & simdjson::internal::JSON_VALUE_MASK;
    const std::size_t string_bytes = std::min(body_size + kMoreThanQuotes * tokens, body_size * 5 / 3 + 2);
    if (words_ < words) {
        document_.tape = std::make_unique_for_overwrite<std::uint64_t[]>(words);
        words_ = words;
    }
    if (string_bytes_ < string_bytes) {
        document_.string_buf = std::make_unique_for_overwrite<std::uint8_t[]>(string_bytes);
        string_bytes_ = string_bytes;
    }
    std::copy_n(made.tape.get(), words, document_.tape.get());
    std::copy_n(made.string_buf.get(), string_bytes, document_.string_buf.get());
    index_.assign(from.parser.implementation->structural_indexes.get(),
                  from.parser.implementation->structural_indexes.get() + tokens);
}

JsonTokens ParsedJson::tokens(std::string_view body) const {
    return {body, index_.data(), static_cast<std::uint32_t>(index_.size())};
}

std::size_t ParsedJson::memory() const {
    return words_ * sizeof(std::uint64_t) + string_bytes_ + index_.capacity() * sizeof(std::uint32_t);
}

simdjson::simdjson_result<simdjson::dom::element> ParserState::parse(std::string_view body) {
    is_small_ = body.size() <= kSmallBody;
    if (!is_small_)
        return large_.parse(body);
    thread_local JsonParser shared;
    if (const auto error = shared.parse(body).error())
        return error;
    small_.copy(shared, body.size());
    return small_.root();
}

JsonTokens ParserState::tokens(std::string_view body) const {
    return is_small_ ? small_.tokens(body) : large_.tokens(body);
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
