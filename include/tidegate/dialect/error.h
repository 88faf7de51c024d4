// Errors in the shape of each dialect, and the small fixed pieces around them.
#pragma once

#include <tidegate/dialect/format.h>

#include <span>
#include <string>
#include <string_view>

namespace tidegate::dialect {

// What a provider's error body says; members it lacks are empty.
struct ProviderError {
    std::string type = {};
    std::string code = {};
    std::string message = {};  // at most 1,000 bytes; provider's words, for records and causes
    bool is_refusal = false;   // its content filter spoke
};

// Never fails: a body that is no JSON becomes the message (its first 200 bytes). `body` needs no padding.
ProviderError read_error(Format format, int status, std::string_view body);

// The body of an error answer: `code` is one of docs/errors.md, `message` is one line for the client. `call_id`
// is empty for what is no call.
std::string write_error(Format format, int status, std::string_view code, std::string_view message,
                        std::string_view call_id);

// The event that ends a stream that broke after its first byte.
std::string error_event(Format format, int status, std::string_view code, std::string_view message,
                        std::string_view call_id);

// Bytes that keep a silent stream alive; only between events (a StreamRelay always stops there).
std::string_view heartbeat(Format format);

// The bodies of GET /v1/models and /v1/models/{id}.
std::string write_models(Format format, std::span<const std::string> names);
std::string write_model(Format format, std::string_view name);

}  // namespace tidegate::dialect
