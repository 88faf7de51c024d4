// Plays scripts over a socket. A server of its own and not tidegate::http, because it has to do what that one
// must never do: reset, announce more than it sends, close without an answer, send single bytes.
#pragma once

#include "simulator/provider.h"

#include <tidegate/async/task.h>

#include <boost/asio/ip/tcp.hpp>

namespace tidegate::simulator {

using Socket = async::asio::basic_stream_socket<async::asio::ip::tcp, async::Executor>;

// Serves requests until the client leaves or a script ends the connection. `provider` must outlive it.
async::Task<> serve_connection(Socket socket, Provider& provider);

}  // namespace tidegate::simulator
