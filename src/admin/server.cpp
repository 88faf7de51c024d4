#include <tidegate/admin/api.h>
#include <tidegate/admin/server.h>
#include <tidegate/async/io_threads.h>
#include <tidegate/base/address.h>
#include <tidegate/http/server.h>

namespace tidegate::admin {

class Server::State {
  public:
    State(const http::ListenerOptions& listener, Options options, Services services, const Clock& clock)
        : thread_("admin", 0, clock),
          api_(std::move(options), is_loopback(listener.address), std::move(services), clock) {}

    ~State() {
        // Connections first, while the thread still runs and the API still answers.
        http_.reset();
        thread_.stop();
    }

    Result<> start(http::ListenerOptions listener) {
        thread_.start();
        auto http = http::Server::listen(std::move(listener), {&thread_}, api_);
        if (!http)
            return http.error();
        http_ = std::move(*http);
        return {};
    }

    Result<> update(Options options) {
        if (auto checked = check(options, http_->address()); !checked)
            return checked;
        api_.set_options(std::move(options));
        return {};
    }

    http::Server& http() { return *http_; }

  private:
    // The thread outlives the API, whose workers come back to it.
    async::IoThread thread_;
    Api api_;
    std::unique_ptr<http::Server> http_;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(http::ListenerOptions listener, Options options,
                                              Services services, const Clock& clock) {
    if (auto checked = check(options, listener.address); !checked)
        return checked.error();
    auto state = std::make_unique<State>(listener, std::move(options), std::move(services), clock);
    if (auto started = state->start(std::move(listener)); !started)
        return started.error();
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

std::string Server::address() const {
    return state_->http().address();
}

Result<> Server::update(Options options) {
    return state_->update(std::move(options));
}

bool Server::drain(Duration patience) {
    return state_->http().drain(patience);
}

}  // namespace tidegate::admin
