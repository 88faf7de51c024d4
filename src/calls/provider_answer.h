// What a provider's status and headers mean for the attempt.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/calls/attempt.h>
#include <tidegate/dialect/format.h>

#include <optional>
#include <string>
#include <string_view>

namespace tidegate::upstream {
class Response;
}

namespace tidegate::calls {

// The reason for a status that is no success.
Reason reason_of_status(int status);
// Whether it speaks of the provider's health: 408, 429 and 5xx. The client's mistakes and our credentials do
// not.
bool counts_for_breaker(int status);
// Whether the same request may succeed a moment later.
bool may_try_again(int status);

// `retry-after-ms`, else `retry-after` in seconds or as an HTTP date; never negative, nothing if it is neither.
std::optional<Duration> retry_after(const upstream::Response& response, WallTime now);
// The same for one value of `retry-after`.
std::optional<Duration> parse_retry_after(std::string_view value, WallTime now);

// The lines that pass to the client. On a crossing only `retry-after` means the same on the other side.
std::string headers_to_pass(const upstream::Response& response, bool same_dialect);

// The header lines of a request to a provider of this format.
std::string request_headers(const AttemptRequest& attempt, dialect::Format provider_format);
std::string_view request_path(dialect::Format format, dialect::Operation operation);

}  // namespace tidegate::calls
