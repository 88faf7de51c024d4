// What was asked and answered, read back from the bytes in a record.
#pragma once

#include "cli/client_command.h"

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::cli {

struct Passage {
    std::string who;  // "user", "system", "input"; "as received" for what cannot be read
    std::string text;
};

// `content` as in a record: {"format","stream","total_bytes","truncated","text"|"base64"}.
std::vector<Passage> asked(const Json& content);
std::string answered(const Json& content);

}  // namespace tidegate::cli
