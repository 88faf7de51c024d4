// Addresses that the gateway listens on, as the configuration writes them: "127.0.0.1:8080", "[::1]:0".
#pragma once

#include <string_view>

namespace tidegate {

// Whether only this machine can reach it. False for anything that is no IP address with a port.
bool is_loopback(std::string_view address);

}  // namespace tidegate
