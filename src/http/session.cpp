#include "http/session.h"

#include <tidegate/base/log.h>
#include <tidegate/http/header_lines.h>

#include <utility>

#include <boost/asio/post.hpp>

namespace tidegate::http {
namespace {

struct InFlight {
    explicit InFlight(Counters& counters) : counters_(counters) { ++counters_.in_flight; }
    ~InFlight() { --counters_.in_flight; }
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;

  private:
    Counters& counters_;
};

}  // namespace

Session::Session(Shared& shared, Shard& shard, std::unique_ptr<Transport> transport, std::string peer,
                 bool overflow)
    : shared_(shared),
      shard_(shard),
      transport_(std::move(transport)),
      peer_(std::move(peer)),
      overflow_(overflow),
      deadline_(shard.thread.wheel(), [this] { on_deadline(); }),
      event_(shard.thread.executor(), std::chrono::steady_clock::time_point::max()),
      draining_(shard.draining) {
    next = shard.first;
    if (next != nullptr)
        next->previous = this;
    shard.first = this;
}

Session::~Session() {
    if (previous != nullptr) {
        previous->next = next;
    } else {
        shard_.first = next;
    }
    if (next != nullptr)
        next->previous = previous;
}

async::Task<> Session::serve() {
    try {
        enter(Phase::handshake, shard_.timeouts.header);
        bool more = co_await transport_->handshake();
        while (more) {
            more = co_await serve_request();
            // An answer that the socket takes at once awaits nothing: whoever sends many requests together lets
            // others in between.
            if (more && !input_.empty()) {
                co_await asio::post(shard_.thread.executor(), asio::deferred);
                more = !gone_;
            }
        }
        if (keep_ && !gone_) {
            enter(Phase::lingering, shard_.timeouts.linger);
            co_await transport_->end_writing();
        }
    } catch (const std::exception& exception) {
        log::error("http", "a connection ended with an exception: {}", exception.what());
    }
    co_await close();
}

// No frame and no buffer may go while an operation points into it.
async::Task<> Session::close() {
    leave_phase();
    transport_->close();
    while (reading_ || writing_) {
        co_await wait();
    }
}

// Returns whether another request may follow.
async::Task<bool> Session::serve_request() {
    answer_ = Answer::none;
    head_sent_ = false;
    sent_ = 0;
    timed_out_ = false;
    const bool complete = co_await read_head();
    if (!complete)
        co_return false;
    make_request();
    {
        const InFlight counted(shared_.counters);
        const bool admitted = co_await admit();
        if (admitted) {
            ++shared_.counters.requests;
            co_await run_handler();
            if (gone_ || answer_ != Answer::finished)
                co_await end_answer();
        }
    }
    const bool more = keep_ && !gone_;
    if (!more) {
        if (!gone_)
            co_await linger();
        co_await close();
    }
    shard_.bodies.give(std::exchange(body_, {}));
    if (!reading_)
        input_.shrink();
    co_return more;
}

// Limits, `Expect`, and the body. False if the request was refused or cut.
async::Task<bool> Session::admit() {
    const bool too_many = shared_.counters.in_flight > shard_.limits.in_flight || overflow_;
    if (too_many && !shared_.handler.always_served(request_.path)) {
        ++shared_.counters.overloaded;
        co_await refuse_with(kOverloaded, true);
        co_return false;
    }
    if (head_.framing == Framing::length && head_.content_length > shard_.limits.body) {
        co_await refuse_with(kTooLarge, true);
        co_return false;
    }
    body_ = shard_.bodies.take();
    if (take_body_that_came())
        co_return true;
    const bool complete = co_await read_body();
    co_return complete;
}

Request& Session::make_request() {
    request_ = Request{};
    request_.method = head_.method;
    request_.target = head_.target;
    request_.path = head_.parts.path;
    request_.query = head_.parts.query;
    request_.fields = head_.fields;
    request_.host = head_.host;
    request_.peer = peer_;
    request_.received = shard_.thread.clock().steady();
    request_.http_1_0 = head_.http_1_0;
    request_.keep_alive = head_.keep_alive;
    request_.tls = transport_->tls();
    keep_ = head_.keep_alive && !overflow_;
    return request_;
}

async::Task<> Session::run_handler() {
    body_.pad();
    request_.body = body_.view();
    cancellation_ = &fresh_cancellation_.emplace();
    with_handler_ = true;
    phase_ = Phase::handling;
    deadline_.disarm();
    start_input_read();
    try {
        co_await shared_.handler.handle(request_, *this, shard_.thread);
    } catch (const std::exception& exception) {
        log::error("http", "a handler threw: {}", exception.what());
    } catch (...) {
        log::error("http", "a handler threw something that is no exception");
    }
    with_handler_ = false;
    heartbeat_.clear();
    while (writing_) {
        co_await wait();
    }
    leave_phase();
}

async::Task<> Session::end_answer() {
    if (gone_) {
        ++shared_.counters.client_gone;
        co_return;
    }
    if (answer_ == Answer::none) {
        co_await refuse_with(kInternal, true);
    } else if (answer_ == Answer::streaming) {
        // Cut: the client must not take it for whole.
        if (!chunked_)
            transport_->reset();
        abort();
    }
}

// Answers in the server's own name. What is not read of the request makes the connection close.
async::Task<> Session::refuse_with(Refused refused, bool with_request) {
    if (refused.status != kInternal.status)
        ++shared_.counters.refused;
    const bool read_whole = with_request && (head_.framing == Framing::none || refused.status == 500);
    if (!read_whole)
        keep_ = false;
    if (!with_request)
        request_ = Request{};
    Refusal refusal{refused.status, refused.code, refused.message, with_request ? &request_ : nullptr};
    RefusalAnswer answer = shared_.handler.refusal_answer(refusal);
    append_header_line(answer.header_lines, "x-tidegate-error", refused.code);
    if (refused.status == 503)
        answer.header_lines += "retry-after: 1\r\n";
    answer_ = Answer::none;
    const Result<void> sent = co_await respond(refused.status, answer.header_lines, answer.body);
    if (!sent)
        keep_ = false;
    leave_phase();
}

void Session::enter(Phase phase, Duration patience) {
    phase_ = phase;
    timed_out_ = false;
    deadline_.arm_in(patience);
}

void Session::leave_phase() {
    deadline_.disarm();
}

void Session::on_deadline() {
    switch (phase_) {
        case Phase::handling:
            return;
        case Phase::quiet:
            if (heartbeat_.empty() || writing_ || gone_)
                return;
            writing_ = true;
            shard_.thread.tasks().spawn(send_heartbeat());
            return;
        case Phase::handshake:
            return abort();
        case Phase::writing:
        case Phase::lingering:
            return abort();
        case Phase::idle:
        case Phase::head:
        case Phase::body:
            break;
    }
    timed_out_ = true;
    notify();
}

void Session::client_left() {
    gone_ = true;
    notify();
    if (!with_handler_)
        return;
    // Whoever writes is told by the closed socket, everybody else by the cancellation.
    transport_->close();
    cancellation_->cancel(async::CancelReason::client_gone);
}

void Session::drain() {
    draining_ = true;
    if (phase_ == Phase::idle)
        notify();
}

void Session::cancel() {
    if (with_handler_) {
        cancellation_->cancel(async::CancelReason::shutdown);
    } else {
        abort();
    }
}

void Session::abort() {
    transport_->close();
    client_left();
}

async::Task<> Session::wait() {
    if (!signalled_)
        co_await event_.async_wait(async::as_tuple);
    signalled_ = false;
}

void Session::notify() {
    signalled_ = true;
    event_.cancel();
}

}  // namespace tidegate::http
