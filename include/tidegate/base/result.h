// Errors as values: what the request path returns instead of throwing.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace tidegate {

// What went wrong, in the classes that callers decide by.
enum class ErrorKind {
    invalid_input,  // the bytes or values given are wrong; trying again cannot help
    not_found,
    conflict,  // the state of something else forbids it
    too_large,
    unavailable,  // refused, reset or unreachable; another try may help
    overloaded,   // a bound of ours is reached
    timeout,
    cancelled,  // whoever asked does not want it any more
    malformed,  // the other side broke its protocol
    io,         // file or disk
    internal,   // a bug of ours
};

// On whose side it went wrong.
enum class ErrorSource { client, gateway, upstream };

std::string_view to_string(ErrorKind kind);
std::string_view to_string(ErrorSource source);

// A value type. `message` says what, where and what to do, in one line and without secrets.
struct Error {
    ErrorKind kind = ErrorKind::internal;
    ErrorSource source = ErrorSource::gateway;
    std::string message;
    std::shared_ptr<const Error> cause = nullptr;  // the error below, if this one was caused by another
    bool retryable = false;                        // the same request may succeed when sent again

    // The message with its causes, joined by ": ".
    std::string text() const;
};

// `error` as the cause of a new message.
Error wrap(Error cause, std::string message);

template <class T = void>
using Result = boost::system::result<T, Error>;

// Found by argument-dependent lookup when `value()` is called on a failed Result: a bug, hence an exception.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

}  // namespace tidegate
