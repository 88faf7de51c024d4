// The coroutine vocabulary of the project: one executor type, one task type, one completion token.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>

namespace tidegate::async {

namespace asio = boost::asio;

// Concrete, not type-erased: sockets and awaits are cheaper (docs/performance.md).
using Executor = asio::io_context::executor_type;

// A coroutine on one I/O thread. An await is a whole statement with named arguments (see docs/style.md).
template <class T = void>
using Task = asio::awaitable<T, Executor>;

// Completes with a tuple whose first element is the error code, so that nothing is thrown on the request path.
// What is begun with it is awaited where it stands, in the awaiting frame; it is no Task.
inline constexpr auto as_tuple = asio::as_tuple(asio::deferred);

}  // namespace tidegate::async
