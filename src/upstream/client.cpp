#include "upstream/connection.h"
#include "upstream/state.h"

#include <tidegate/upstream/client.h>

#include <algorithm>
#include <stdexcept>

namespace tidegate::upstream {
namespace {

// What would let a caller's mistake change the framing of the request.
bool well_formed(const Request& request) {
    const bool method = !request.method.empty() && std::all_of(request.method.begin(), request.method.end(),
                                                               [](char c) { return c >= 'A' && c <= 'Z'; });
    const bool path = request.path.starts_with('/') && std::all_of(request.path.begin(), request.path.end(),
                                                                   [](char c) { return c > 0x20 && c < 0x7f; });
    const bool headers =
        request.headers.empty() || (request.headers.ends_with("\r\n") && !request.headers.starts_with("\r\n") &&
                                    request.headers.find("\r\n\r\n") == std::string_view::npos);
    return method && path && headers;
}

// Counts a request from its beginning until its response is gone.
Outcome fail(ClientState& state, std::unique_ptr<Connection> connection) {
    Failure failure = connection->failure();
    state.give_back(std::move(connection));
    --state.stats.in_flight;
    return failure;
}

}  // namespace

std::string_view to_string(Phase phase) {
    switch (phase) {
        case Phase::connect:
            return "connect";
        case Phase::tls:
            return "tls";
        case Phase::send:
            return "send";
        case Phase::first_byte:
            return "first_byte";
        case Phase::body:
            return "body";
    }
    return "body";
}

void throw_exception_from_error(const Failure& failure, const boost::source_location& where) {
    throw std::logic_error("unchecked failure at " + where.to_string() + ": " + failure.error.text());
}

Client::Client(async::IoThread& thread, ClientOptions options)
    : state_(std::make_shared<ClientState>(thread, std::move(options))) {}

Client::~Client() {
    state_->shut_down();
}

async::Task<Outcome> Client::send(const Request& request, async::Cancellation& cancellation) {
    const std::shared_ptr<ClientState> state = state_;
    if (!well_formed(request)) {
        co_return Failure{Error{ErrorKind::invalid_input, ErrorSource::gateway,
                                "the request cannot be written as HTTP", nullptr, false},
                          Phase::connect, false, false, false};
    }
    std::unique_ptr<Connection> connection;
    if (!request.fresh_connection)
        connection = state->take(request.endpoint);
    const bool dial = connection == nullptr;
    if (dial)
        connection = std::make_unique<Connection>(state, request.endpoint);
    ++state->stats.in_flight;
    connection->begin(request, cancellation);
    if (dial) {
        ++state->stats.connects;
        const bool opened = co_await connection->open();
        if (!opened)
            co_return fail(*state, std::move(connection));
    }
    const bool sent = co_await connection->send(request);
    if (!sent)
        co_return fail(*state, std::move(connection));
    const bool answered = co_await connection->read_head(request);
    if (!answered)
        co_return fail(*state, std::move(connection));
    co_return std::make_unique<Response>(std::move(connection));
}

void Client::retire(std::span<const EndpointKey> used) {
    state_->retire(used);
}

ClientStats Client::stats() const {
    return state_->stats;
}

bool check_header(std::string_view name, std::string_view value) {
    static constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
    const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kOthers.find(c) != std::string_view::npos;
    });
    const bool printable = std::all_of(value.begin(), value.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0x20 || c == '\t') && byte != 0x7f;
    });
    return token && printable;
}

}  // namespace tidegate::upstream
