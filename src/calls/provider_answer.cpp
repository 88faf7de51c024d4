#include "calls/provider_answer.h"

#include <tidegate/base/text.h>
#include <tidegate/upstream/client.h>
#include <tidegate/upstream/response.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <ctime>

namespace tidegate::calls {
namespace {

constexpr std::array<std::string_view, 5> kPassedNames{"x-request-id", "request-id", "retry-after",
                                                       "retry-after-ms", "x-should-retry"};
constexpr std::array<std::string_view, 3> kPassedPrefixes{"x-ratelimit-", "anthropic-", "openai-"};
constexpr Duration kLongestRetryAfter = std::chrono::hours{1};

bool passes(std::string_view name) {
    return std::any_of(kPassedNames.begin(), kPassedNames.end(),
                       [&](std::string_view passed) { return equals_ignoring_case(name, passed); }) ||
           std::any_of(kPassedPrefixes.begin(), kPassedPrefixes.end(),
                       [&](std::string_view prefix) { return starts_with_ignoring_case(name, prefix); });
}

void append_line(std::string& lines, std::string_view name, std::string_view value) {
    if (!upstream::check_header(name, value))
        return;
    lines.append(name).append(": ").append(value).append("\r\n");
}

std::optional<double> parse_decimal(std::string_view value) {
    double number = 0;
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || end != value.data() + value.size())
        return std::nullopt;
    // "nan" and "inf" are numbers to from_chars.
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

// Durations beyond an hour say nothing more than "not now".
Duration bounded(double seconds) {
    const double longest = std::chrono::duration<double>(kLongestRetryAfter).count();
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(std::clamp(seconds, 0.0, longest)));
}

}  // namespace

Reason reason_of_status(int status) {
    switch (status) {
        case 400:
        case 409:
        case 413:
        case 422:
            return Reason::rejected;
        case 408:
        case 504:
            return Reason::timeout;
        case 429:
            return Reason::rate_limit;
        case 503:
        case 529:
            return Reason::overloaded;
        default:
            return Reason::error;
    }
}

bool counts_for_breaker(int status) {
    return status == 408 || status == 429 || status >= 500;
}

bool may_try_again(int status) {
    return status == 408 || status == 409 || status == 429 || status >= 500;
}

std::optional<Duration> parse_retry_after(std::string_view value, WallTime now) {
    value = trim(value);
    if (const auto seconds = parse_decimal(value))
        return bounded(*seconds);
    std::tm date{};
    const std::string text(value);
    const char* end = strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
    if (end == nullptr || *end != '\0')
        return std::nullopt;
    // In seconds: a year such as 9999 is beyond what nanoseconds can say.
    const std::chrono::sys_seconds then{std::chrono::seconds{timegm(&date)}};
    return bounded(static_cast<double>((then - std::chrono::floor<std::chrono::seconds>(now)).count()));
}

std::optional<Duration> retry_after(const upstream::Response& response, WallTime now) {
    if (const auto millis = parse_decimal(trim(response.header("retry-after-ms"))))
        return bounded(*millis / 1000);
    const std::string_view value = response.header("retry-after");
    return value.empty() ? std::nullopt : parse_retry_after(value, now);
}

std::string headers_to_pass(const upstream::Response& response, bool same_dialect) {
    std::string lines;
    if (!same_dialect) {
        const std::string_view value = response.header("retry-after");
        if (!value.empty())
            append_line(lines, "retry-after", value);
        return lines;
    }
    response.for_each_header([&](std::string_view name, std::string_view value) {
        if (passes(name))
            append_line(lines, name, value);
    });
    return lines;
}

std::string request_headers(const AttemptRequest& attempt, dialect::Format provider_format) {
    std::string lines = "content-type: application/json\r\n";
    lines += attempt.request.stream() ? "accept: text/event-stream\r\n" : "accept: application/json\r\n";
    const bool same_dialect = attempt.request.format() == provider_format;
    if (same_dialect)
        lines += attempt.passed_headers;
    if (provider_format == dialect::Format::anthropic) {
        const bool versioned =
            same_dialect && to_lower(attempt.passed_headers).find("anthropic-version:") != std::string::npos;
        if (!versioned)
            lines += "anthropic-version: 2023-06-01\r\n";
    }
    // The key promises the same request again; a fallback sends another one.
    if (!attempt.idempotency_key.empty() && attempt.number == 1)
        append_line(lines, "idempotency-key", attempt.idempotency_key);
    return lines;
}

std::string_view request_path(dialect::Format format, dialect::Operation operation) {
    if (format == dialect::Format::anthropic)
        return "/v1/messages";
    return operation == dialect::Operation::embeddings ? "/embeddings" : "/chat/completions";
}

}  // namespace tidegate::calls
