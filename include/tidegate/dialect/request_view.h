// What decisions read of a request, whatever its wire format: the very bytes that are sent, validated whole.
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/dialect/format.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace tidegate::dialect {

// Readable bytes that must lie behind a body given to a BodyParser (their values do not matter).
inline constexpr std::size_t kBodyPadding = 64;
// Deeper nesting is refused.
inline constexpr std::size_t kMaximumDepth = 64;

namespace detail {
struct ParserState;
struct ParsedRequest;
}  // namespace detail

// A JSON parser whose memory is used again and again. One body at a time: what was read through it is valid
// until it reads the next one. Not for several threads at once; keep a pool of them a thread, and borrow one a
// request.
class BodyParser {
  public:
    BodyParser();
    ~BodyParser();
    BodyParser(BodyParser&&) noexcept;
    BodyParser& operator=(BodyParser&&) noexcept;

    // Bytes of memory held: about 14 times the largest body above 16 KiB; of a small one as a rule twice. A
    // pool drops parsers that have grown too big.
    std::size_t memory() const;

    detail::ParserState& state() { return *x_state; }

  private:
    std::unique_ptr<detail::ParserState> x_state;
};

// A member of `metadata` that targeting can use; other types of values are left out.
struct MetadataEntry {
    std::string_view name = {};
    std::variant<bool, double, std::string_view> value = {};
};

// A prompt variable of `tidegate.variables`; numbers and booleans as they were written.
struct Variable {
    std::string_view name = {};
    std::string_view value = {};
};

// A validated request. A light handle that may be copied; everything it returns lives as long as the body's
// bytes and until its BodyParser reads another body.
class RequestView {
  public:
    // Of nothing: may only be assigned to.
    RequestView() = default;

    // Validates the whole of `body`, behind which kBodyPadding bytes must be readable. Refused with
    // invalid_input (source client) and a message for the client: what is not JSON or not an object, a byte
    // order mark, invalid UTF-8, lone surrogates, nesting deeper than kMaximumDepth, a member that occurs twice
    // (in any spelling) in an object that a decision reads, and wrong types or values of members that a
    // decision reads.
    static Result<RequestView> read(Format format, Operation operation, std::string_view body,
                                    BodyParser& parser);

    Format format() const;
    Operation operation() const;
    std::string_view body() const;

    std::string_view model() const;  // empty if absent: the header may name the feature
    bool stream() const;
    // `safety_identifier`, else `user`, else `metadata.user_id`; empty if none.
    std::string_view user() const;
    // `max_completion_tokens` or `max_tokens`, the smaller if both are there; never negative.
    std::optional<std::int64_t> max_output_tokens() const;
    std::int64_t answers() const;  // `n`, from 1 to 128
    // Anthropic's `thinking.budget_tokens`; 0 if none.
    std::int64_t thinking_budget() const;
    bool wants_usage() const;     // `stream_options.include_usage`; Anthropic always gives it
    bool wants_logprobs() const;  // `logprobs`: log-probabilities of the answer's tokens
    bool has_tools() const;
    bool wants_json() const;     // an answer in JSON was asked for: a static text would break the client
    bool has_system() const;     // system or developer text of the client
    bool has_reasoning() const;  // parts that only the provider which made them understands

    // Something in it exists at one provider only: previous_response_id, conversation, file ids, container.
    bool carries_provider_state() const;
    // Its bytes do not bound its tokens: addresses of images, file ids, state, cached content.
    bool unbounded_input() const;
    // Names of members that change the price (service_tier, inference_geo, prediction, audio,
    // cache_control.ttl).
    std::span<const std::string_view> price_members() const;
    // Types of tools that the provider runs itself and charges for (web_search…).
    std::span<const std::string_view> hosted_tools() const;

    std::span<const MetadataEntry> metadata() const;
    std::span<const Variable> variables() const;        // tidegate.variables
    std::span<const std::string_view> context() const;  // tidegate.context
    std::optional<std::string_view> baseline() const;   // tidegate.baseline

    // All text of the last message of the user (embeddings: the input), parts joined by line ends. Reads the
    // DOM: not for the hot path.
    std::string last_user_text() const;
    // As seen by the writer of requests.
    const detail::ParsedRequest& parsed() const { return *x_parsed; }

  private:
    explicit RequestView(const detail::ParsedRequest& parsed) : x_parsed(&parsed) {}
    const detail::ParsedRequest* x_parsed = nullptr;
};

}  // namespace tidegate::dialect
