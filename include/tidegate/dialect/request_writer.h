// The request that is sent: the client's bytes with the few members changed that the variant decides.
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/dialect/format.h>
#include <tidegate/dialect/request_view.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::dialect {

enum class Role { system, developer, user, assistant, tool };
std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view name);

// A rendered message of a prompt version.
struct PromptMessage {
    Role role = Role::system;
    std::string text = {};
};

// What a model refuses or wants under another name; `quirks` of a model in the configuration, by these names.
enum class Quirk : std::uint32_t {
    no_temperature = 1U << 0U,
    no_top_p = 1U << 1U,
    no_stop = 1U << 2U,
    no_seed = 1U << 3U,
    no_parallel_tool_calls = 1U << 4U,
    no_stream_options = 1U << 5U,  // usage cannot be asked for
    no_penalties = 1U << 6U,       // frequency_penalty, presence_penalty
    no_logprobs = 1U << 7U,        // logprobs, top_logprobs
    no_reasoning_effort = 1U << 8U,
    max_completion_tokens = 1U << 9U,  // that name instead of max_tokens
    developer_role = 1U << 10U,        // prompt's system messages as `developer`
};
std::optional<Quirk> parse_quirk(std::string_view name);
std::string_view to_string(Quirk quirk);

struct Quirks {
    std::uint32_t bits = 0;
    bool has(Quirk quirk) const { return (bits & static_cast<std::uint32_t>(quirk)) != 0; }
    void add(Quirk quirk) { bits |= static_cast<std::uint32_t>(quirk); }
    bool operator==(const Quirks&) const = default;
};

// What the variant decides. Everything left empty passes as the client sent it; views must outlive the call.
struct RequestEdits {
    std::string_view model = {};                 // the provider's name; required
    std::span<const PromptMessage> prompt = {};  // put before the client's messages
    // Already the smaller of variant, client and model; always sent.
    std::optional<std::int64_t> max_output_tokens = {};
    std::optional<double> temperature = {};
    std::optional<double> top_p = {};
    std::optional<std::int64_t> seed = {};
    std::optional<std::span<const std::string>> stop = {};
    std::string_view reasoning_effort = {};
    Quirks quirks = {};
    bool drop_reasoning = false;  // the provider changed: reasoning parts go, and thinking is off
    bool ask_logprobs = false;    // log-probabilities, whether the client wants them or not
};

// Appends the request in the format `to` to `out` (a buffer to be reused). Same format: the client's bytes,
// with only changed members replaced; otherwise translated. Returns the names of what was dropped because the
// model or the other format cannot take it and it does not change the meaning; what would is refused with
// invalid_input.
Result<std::vector<std::string>> write_request(const RequestView& request, Format to, const RequestEdits& edits,
                                               std::string& out);

}  // namespace tidegate::dialect
