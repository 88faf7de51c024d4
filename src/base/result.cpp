#include <tidegate/base/result.h>

#include <stdexcept>

namespace tidegate {

std::string_view to_string(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid_input:
            return "invalid_input";
        case ErrorKind::not_found:
            return "not_found";
        case ErrorKind::conflict:
            return "conflict";
        case ErrorKind::too_large:
            return "too_large";
        case ErrorKind::unavailable:
            return "unavailable";
        case ErrorKind::overloaded:
            return "overloaded";
        case ErrorKind::timeout:
            return "timeout";
        case ErrorKind::cancelled:
            return "cancelled";
        case ErrorKind::malformed:
            return "malformed";
        case ErrorKind::io:
            return "io";
        case ErrorKind::internal:
            return "internal";
    }
    return "internal";
}

std::string_view to_string(ErrorSource source) {
    switch (source) {
        case ErrorSource::client:
            return "client";
        case ErrorSource::gateway:
            return "gateway";
        case ErrorSource::upstream:
            return "upstream";
    }
    return "gateway";
}

std::string Error::text() const {
    std::string out = message;
    for (const Error* below = cause.get(); below != nullptr; below = below->cause.get()) {
        out += ": ";
        out += below->message;
    }
    return out;
}

Error wrap(Error cause, std::string message) {
    Error error{cause.kind, cause.source, std::move(message), nullptr, cause.retryable};
    error.cause = std::make_shared<const Error>(std::move(cause));
    return error;
}

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
    throw std::logic_error("unchecked error at " + where.to_string() + ": " + error.text());
}

}  // namespace tidegate
