#include "simulator/connection.h"

#include <tidegate/async/io_threads.h>
#include <tidegate/base/log.h>
#include <tidegate/simulator/simulator.h>

#include <stdexcept>

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

namespace tidegate::simulator {

namespace asio = async::asio;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, async::Executor>;

class Simulator::Server {
  public:
    Server(Options options, const Clock& clock)
        : endpoint_(asio::ip::make_address(options.address), options.port),
          provider_(std::move(options), clock),
          thread_("simulator", 0, clock) {
        Acceptor acceptor(thread_.executor());
        try {
            acceptor.open(endpoint_.protocol());
            acceptor.set_option(asio::socket_base::reuse_address(true));
            acceptor.bind(endpoint_);
            acceptor.listen();
            endpoint_ = acceptor.local_endpoint();
        } catch (const boost::system::system_error& error) {
            throw std::runtime_error(
                fmt::format("the simulator cannot listen on {}: {}", address(), error.code().message()));
        }
        thread_.tasks().spawn(accept(std::move(acceptor)));
        thread_.start();
    }

    ~Server() { thread_.stop(); }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    std::string address() const {
        const std::string host = endpoint_.address().to_string();
        return fmt::format("{}:{}", endpoint_.address().is_v6() ? "[" + host + "]" : host, endpoint_.port());
    }

    Statistics statistics() {
        Statistics copy;
        thread_.run_and_wait([&] { copy = provider_.statistics(); });
        return copy;
    }

  private:
    async::Task<> accept(Acceptor acceptor) {
        asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                   async::Executor>
            timer(thread_.executor());
        while (true) {
            auto [error, socket] = co_await acceptor.async_accept(async::as_tuple);
            if (!error) {
                thread_.tasks().spawn(serve(std::move(socket)));
                continue;
            }
            // Most likely out of file descriptors: trying at once would spin.
            log::warn("simulator", "cannot accept: {}", error.message());
            timer.expires_after(std::chrono::milliseconds{100});
            co_await timer.async_wait(async::as_tuple);
        }
    }

    async::Task<> serve(Socket socket) {
        ++provider_.statistics().connections;
        ++provider_.statistics().open;
        co_await serve_connection(std::move(socket), provider_);
        --provider_.statistics().open;
    }

    asio::ip::tcp::endpoint endpoint_;
    Provider provider_;
    // Last: its tasks end before what they use.
    async::IoThread thread_;
};

Simulator::Simulator(Options options, const Clock& clock)
    : server_(std::make_unique<Server>(std::move(options), clock)) {}

Simulator::~Simulator() = default;

std::string Simulator::address() const {
    return server_->address();
}

Statistics Simulator::statistics() const {
    return server_->statistics();
}

}  // namespace tidegate::simulator
