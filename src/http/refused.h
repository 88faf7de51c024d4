// The verdict on a request that is not to be served.
#pragma once

#include <string_view>

namespace tidegate::http {

// A value type over literals. `status` 0: nothing is wrong.
struct Refused {
    int status = 0;
    std::string_view code;
    std::string_view message;

    explicit operator bool() const { return status != 0; }
};

constexpr Refused refuse(std::string_view message) {
    return {400, "invalid_request", message};
}

inline constexpr Refused kRequestTimeout{408, "request_timeout", "The request did not arrive in time."};
inline constexpr Refused kTooLarge{413, "payload_too_large", "The body is larger than this server accepts."};
inline constexpr Refused kUriTooLong{414, "uri_too_long", "The request target is too long."};
inline constexpr Refused kHeaderTooLarge{431, "header_too_large", "The head of the request is too large."};
inline constexpr Refused kInternal{500, "internal", "The server failed to answer."};
inline constexpr Refused kVersion{505, "version_not_supported", "This server speaks HTTP/1.1."};
inline constexpr Refused kMethod{501, "not_implemented", "This method is not implemented."};
inline constexpr Refused kOverloaded{503, "overloaded", "The server is at its limit; try again in a moment."};

}  // namespace tidegate::http
