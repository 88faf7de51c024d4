#include "upstream/connection.h"
#include "upstream/state.h"

#include <tidegate/upstream/response.h>

#include <algorithm>

namespace tidegate::upstream {
namespace {

constexpr std::size_t kPadding = 64;  // what simdjson may read behind a text

}  // namespace

Response::Response(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

Response::~Response() {
    const std::shared_ptr<ClientState> state = connection_->state();
    state->give_back(std::move(connection_));
    --state->stats.in_flight;
}

int Response::status() const {
    return connection_->head().status();
}

std::string_view Response::header(std::string_view name) const {
    return connection_->head().header(name);
}

void Response::for_each_header(
    const std::function<void(std::string_view name, std::string_view value)>& visit) const {
    const ResponseHead& head = connection_->head();
    for (std::size_t i = 0; i < head.size(); ++i) visit(head.name(i), head.value(i));
}

async::Task<Result<std::string_view>> Response::read() {
    return connection_->read_body();
}

async::Task<Result<void>> Response::read_all(std::string& out, std::size_t limit) {
    const std::uint64_t expected = connection_->body_expected();
    const std::size_t before = out.size();
    bool fits = expected <= limit;
    if (fits && expected > 0)
        out.reserve(before + static_cast<std::size_t>(expected) + kPadding);
    while (fits) {
        auto at_hand = connection_->body_at_hand();
        if (!at_hand)
            at_hand = co_await connection_->read_body();
        const Result<std::string_view>& piece = *at_hand;
        if (!piece)
            co_return piece.error();
        fits = piece->size() <= limit - (out.size() - before);
        if (!fits)
            break;
        out.append(*piece);
        if (piece->empty() || connection_->body_finished()) {
            out.reserve(out.size() + kPadding);
            co_return Result<void>();
        }
    }
    Error error{ErrorKind::too_large, ErrorSource::upstream,
                "the answer is larger than " + std::to_string(limit) + " bytes", nullptr, false};
    connection_->fail_body(error);
    co_return error;
}

bool Response::readable() const {
    return connection_->readable();
}

void Response::set_deadline(SteadyTime deadline) {
    connection_->set_deadline(deadline);
}

bool Response::reused() const {
    return connection_->reused();
}

std::uint64_t Response::bytes_received() const {
    return connection_->bytes_received();
}

}  // namespace tidegate::upstream
