#include "cross.h"
#include "splice.h"

#include <tidegate/dialect/request_writer.h>

#include <array>

namespace tidegate::dialect {
namespace {

constexpr std::array<std::string_view, 5> kRoles = {"system", "developer", "user", "assistant", "tool"};

// In the order of the bits of Quirk.
constexpr std::array<std::string_view, 11> kQuirks = {"no_temperature",
                                                      "no_top_p",
                                                      "no_stop",
                                                      "no_seed",
                                                      "no_parallel_tool_calls",
                                                      "no_stream_options",
                                                      "no_penalties",
                                                      "no_logprobs",
                                                      "no_reasoning_effort",
                                                      "max_completion_tokens",
                                                      "developer_role"};

}  // namespace

std::string_view to_string(Role role) {
    return kRoles[static_cast<std::size_t>(role)];
}

std::optional<Role> parse_role(std::string_view name) {
    for (std::size_t i = 0; i < kRoles.size(); ++i) {
        if (kRoles[i] == name)
            return static_cast<Role>(i);
    }
    return std::nullopt;
}

std::optional<Quirk> parse_quirk(std::string_view name) {
    for (std::size_t i = 0; i < kQuirks.size(); ++i) {
        if (kQuirks[i] == name)
            return static_cast<Quirk>(1U << i);
    }
    return std::nullopt;
}

std::string_view to_string(Quirk quirk) {
    for (std::size_t i = 0; i < kQuirks.size(); ++i) {
        if (static_cast<Quirk>(1U << i) == quirk)
            return kQuirks[i];
    }
    return "unknown";
}

Result<std::vector<std::string>> write_request(const RequestView& request, Format to, const RequestEdits& edits,
                                               std::string& out) {
    const std::size_t start = out.size();
    Result<std::vector<std::string>> written = request.format() == to
                                                   ? detail::splice(request.parsed(), edits, out)
                                                   : detail::cross(request.parsed(), to, edits, out);
    if (!written)
        out.resize(start);
    return written;
}

}  // namespace tidegate::dialect
