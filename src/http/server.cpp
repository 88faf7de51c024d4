#include "http/acceptor.h"
#include "http/session.h"
#include "http/tls.h"

#include <tidegate/base/log.h>
#include <tidegate/http/server.h>

#include <numeric>

#include <boost/asio/post.hpp>

namespace tidegate::http {
namespace {

// For sessions whose sockets are closed and whose handlers were told: longer only if a handler hangs.
constexpr Duration kLastPatience = std::chrono::seconds{5};

}  // namespace

std::size_t Statistics::open() const {
    return std::accumulate(connections.begin(), connections.end(), std::size_t{0});
}

class Server::State {
  public:
    State(std::shared_ptr<Shared> shared, std::shared_ptr<Acceptor> acceptor, Duration drain, Duration cancel)
        : shared_(std::move(shared)),
          acceptor_(std::move(acceptor)),
          address_(acceptor_->address()),
          drain_(drain),
          cancel_(cancel) {}

    // Runs `function(shard)` on the thread of each.
    template <class Function>
    void on_each_shard(Function function) {
        for (const auto& shard : shared_->shards) {
            asio::post(shard->thread.executor(),
                       [shared = shared_, &shard = *shard, function] { function(shard); });
        }
    }

    // `function` may end the session it is given.
    template <class Function>
    void on_each_session(Function function) {
        on_each_shard([function](Shard& shard) {
            for (Session* session = shard.first; session != nullptr;) {
                Session& current = *session;
                session = session->next;
                function(current);
            }
        });
    }

    std::shared_ptr<Shared> shared_;
    std::shared_ptr<Acceptor> acceptor_;
    std::string address_;
    std::atomic<Duration> drain_;
    std::atomic<Duration> cancel_;
    std::atomic<bool> draining_{false};
    std::atomic<std::chrono::sys_seconds> certificate_expiry_;  // with TLS
};

Result<std::unique_ptr<Server>> Server::listen(ListenerOptions options, std::vector<async::IoThread*> threads,
                                               Handler& handler) {
    auto shared = std::make_shared<Shared>(options, threads, handler);
    std::chrono::sys_seconds expiry;
    if (options.tls) {
        auto contexts = make_tls_contexts(*options.tls, threads.size());
        if (!contexts)
            return contexts.error();
        expiry = expiry_of_chain(*contexts->front());
        for (std::size_t i = 0; i < threads.size(); ++i) shared->shards[i]->tls = std::move((*contexts)[i]);
    }
    Result<std::shared_ptr<Acceptor>> acceptor = Acceptor::open(options.address, shared);
    if (!acceptor)
        return acceptor.error();
    auto state =
        std::make_unique<State>(std::move(shared), *acceptor, options.timeouts.drain, options.timeouts.cancel);
    state->certificate_expiry_ = expiry;
    asio::post(threads.front()->executor(), [acceptor = *acceptor] { Acceptor::start(acceptor); });
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
    state_->shared_->ending = true;
    begin_drain();
    state_->on_each_session([](Session& session) { session.abort(); });
    if (!state_->shared_->wait_until_closed(kLastPatience)) {
        log::error("http", "a handler of {} did not end when it was cancelled", state_->address_);
    }
}

std::string Server::address() const {
    return state_->address_;
}

Statistics Server::statistics() const {
    const Counters& counters = state_->shared_->counters;
    Statistics result;
    for (const auto& shard : state_->shared_->shards) result.connections.push_back(shard->connections);
    result.in_flight = counters.in_flight;
    result.accepted = counters.accepted;
    result.requests = counters.requests;
    result.refused = counters.refused;
    result.overloaded = counters.overloaded;
    result.accept_errors = counters.accept_errors;
    result.client_gone = counters.client_gone;
    return result;
}

void Server::begin_drain() {
    if (state_->draining_.exchange(true))
        return;
    state_->acceptor_->stop_listening();
    asio::post(state_->shared_->shards.front()->thread.executor(),
               [acceptor = state_->acceptor_] { acceptor->close(); });
    state_->on_each_shard([](Shard& shard) { shard.draining = true; });
    state_->on_each_session([](Session& session) { session.drain(); });
}

bool Server::drain() {
    return drain(state_->drain_);
}

bool Server::drain(Duration patience) {
    begin_drain();
    if (state_->shared_->wait_until_closed(patience))
        return true;
    state_->on_each_session([](Session& session) { session.cancel(); });
    if (state_->shared_->wait_until_closed(state_->cancel_))
        return false;
    state_->on_each_session([](Session& session) { session.abort(); });
    state_->shared_->wait_until_closed(kLastPatience);
    return false;
}

Result<void> Server::update_tls(const TlsOptions& options) {
    auto contexts = make_tls_contexts(options, state_->shared_->shards.size());
    if (!contexts)
        return contexts.error();
    state_->certificate_expiry_ = expiry_of_chain(*contexts->front());
    std::size_t next = 0;
    for (const auto& shard : state_->shared_->shards) {
        // The shard outlives the handler that is posted: `state_` waits for its connections, and threads run.
        asio::post(shard->thread.executor(),
                   [shared = state_->shared_, target = shard.get(), context = std::move((*contexts)[next])] {
                       target->tls = context;
                   });
        ++next;
    }
    return {};
}

std::chrono::sys_seconds Server::certificate_expiry() const {
    return state_->certificate_expiry_;
}

Result<std::chrono::sys_seconds> check_tls(const TlsOptions& options) {
    auto context = make_tls_context(options);
    if (!context)
        return context.error();
    return expiry_of_chain(*context);
}

void Server::update(const Limits& limits, const Timeouts& timeouts) {
    state_->drain_ = timeouts.drain;
    state_->cancel_ = timeouts.cancel;
    state_->on_each_shard([limits, timeouts](Shard& shard) {
        shard.limits = limits;
        shard.timeouts = timeouts;
    });
}

}  // namespace tidegate::http
