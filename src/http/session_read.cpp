#include "http/session.h"

#include <algorithm>

namespace tidegate::http {
namespace {

constexpr std::size_t kFirstBodyBytes = 64 * 1024;
constexpr std::size_t kAnnouncedBodyBytes = 1024 * 1024;  // believed without having seen them
constexpr std::size_t kMaxLingering = 1024 * 1024;

}  // namespace

async::Task<bool> Session::read_head() {
    scanner_.reset();
    bool begun = false;
    for (;;) {
        if (!begun && !input_.empty()) {
            begun = true;
            enter(Phase::head, shard_.timeouts.header);
        }
        const HeadScanner::State state = scanner_.scan(input_.view(), shard_.limits);
        if (state == HeadScanner::State::complete)
            break;
        if (state == HeadScanner::State::refused) {
            co_await refuse_with(scanner_.refusal(), false);
            co_await linger();
            co_return false;
        }
        if (gone_ || eof_)
            co_return false;
        if (timed_out_) {
            if (begun) {
                co_await refuse_with(kRequestTimeout, false);
                co_await linger();
            }
            co_return false;
        }
        if (!begun) {
            if (draining_)
                co_return false;
            if (phase_ != Phase::idle)
                enter(Phase::idle, shard_.timeouts.idle);
        }
        if (!reading_) {
            // The bound holds because the scanner refuses a head as soon as it is over the limit.
            input_.room(shard_.limits.header + InputBuffer::kInitial);
            start_input_read();
        }
        co_await wait();
    }
    leave_phase();
    head_bytes_.assign(input_.view().substr(0, scanner_.size()));
    input_.consume(scanner_.size());
    const Refused refused = head_.read(head_bytes_, scanner_.method(), scanner_.http_1_0());
    if (refused) {
        co_await refuse_with(refused, false);
        co_await linger();
        co_return false;
    }
    co_return true;
}

// Most bodies come with their head; then nothing is awaited. False: `read_body` is to read on.
bool Session::take_body_that_came() {
    if (head_.framing == Framing::none)
        return true;
    const std::string_view input = input_.view();
    if (head_.framing != Framing::length || input.empty() || input.size() < head_.content_length)
        return false;
    const std::size_t size = static_cast<std::size_t>(head_.content_length);
    body_.append(input.substr(0, size));
    input_.consume(size);
    return true;
}

async::Task<bool> Session::read_body() {
    const bool waits = head_.expects_continue && input_.empty();
    if (waits) {
        shard_.output = "HTTP/1.1 100 Continue\r\n\r\n";
        const Result<void> sent = co_await send({}, {});
        if (!sent)
            co_return false;
        sent_ = 0;
    }
    enter(Phase::body, shard_.timeouts.body);
    bool complete = false;
    if (head_.framing == Framing::length) {
        complete = co_await read_sized_body(head_.content_length);
    } else {
        complete = co_await read_chunked_body();
    }
    leave_phase();
    co_return complete;
}

async::Task<bool> Session::read_sized_body(std::uint64_t announced) {
    const std::size_t size = static_cast<std::size_t>(announced);
    body_.reserve(std::min(size, kAnnouncedBodyBytes));
    for (;;) {
        const std::string_view here = input_.view().substr(0, size - body_.view().size());
        body_.append(here);
        input_.consume(here.size());
        if (body_.view().size() == size)
            co_return true;
        if (body_.free() == 0)
            body_.reserve(std::min(size, 2 * body_.capacity()));
        // A larger buffer from the pool must not take bytes of the next request.
        if (!reading_) {
            reading_ = true;
            reading_to_ = &body_;
            const std::size_t wanted = std::min(body_.free(), size - body_.view().size());
            transport_->start_read(body_.tail(), wanted, *this);
        }
        const bool more = co_await receive_body_part();
        if (!more)
            co_return false;
    }
}

// The raw bytes are read behind the decoded ones and decoded in place.
async::Task<bool> Session::read_chunked_body() {
    ChunkDecoder decoder(shard_.limits.body);
    for (;;) {
        const std::size_t before = body_.view().size();
        if (!input_.empty()) {
            body_.reserve(std::max(before + input_.view().size(), kFirstBodyBytes));
            const ChunkDecoder::Step step =
                decoder.decode(input_.view().data(), input_.view().size(), body_.tail());
            input_.consume(step.consumed);
            body_.commit(step.produced);
        }
        if (decoder.refusal()) {
            co_await refuse_with(decoder.refusal(), true);
            co_return false;
        }
        if (decoder.done())
            co_return true;
        if (!reading_) {
            if (body_.free() < kFirstBodyBytes / 4)
                body_.reserve(std::max(2 * body_.capacity(), kFirstBodyBytes));
            reading_ = true;
            reading_to_ = &body_;
            transport_->start_read(body_.tail(), body_.free(), *this);
        }
        const std::size_t decoded = body_.view().size();
        const bool more = co_await receive_body_part();
        if (!more)
            co_return false;
        // What came is behind `decoded` and counted as if it were decoded: decode it where it is.
        const std::string_view raw = body_.view().substr(decoded);
        body_.truncate(decoded);
        const ChunkDecoder::Step step = decoder.decode(raw.data(), raw.size(), body_.tail());
        body_.commit(step.produced);
        if (step.consumed < raw.size() && decoder.done())
            input_.assign(raw.substr(step.consumed));
    }
}

// Waits until the read in flight is done, whether into the body or into the input.
async::Task<bool> Session::receive_body_part() {
    while (reading_ && !gone_ && !timed_out_) {
        co_await wait();
    }
    if (eof_)
        gone_ = true;
    if (gone_)
        co_return false;
    if (timed_out_) {
        co_await refuse_with(kRequestTimeout, true);
        keep_ = false;
        co_return false;
    }
    co_return true;
}

// For a client that may still be sending: a close with unread bytes would reset the connection, and the answer
// with it.
async::Task<> Session::linger() {
    keep_ = false;
    enter(Phase::lingering, shard_.timeouts.linger);
    co_await transport_->end_writing();
    std::size_t dropped = 0;
    while (!gone_ && !eof_ && dropped < kMaxLingering) {
        dropped += input_.view().size();
        input_.consume(input_.view().size());
        start_input_read();
        co_await wait();
    }
}

// The standing read: while a handler works it tells of the client's departure, and what it brings begins the
// next request.
void Session::start_input_read() {
    if (reading_ || gone_ || eof_)
        return;
    if (!input_.room(InputBuffer::kInitial))
        return;
    reading_ = true;
    reading_to_ = nullptr;
    transport_->start_read(input_.tail(), input_.free(), *this);
}

void Session::on_read(boost::system::error_code error, std::size_t size) {
    reading_ = false;
    if (error) {
        eof_ = true;
        // An answer that is on its way is still sent: the client may have closed just its side.
        if (with_handler_ && answer_ != Answer::finished)
            return client_left();
    } else if (reading_to_ != nullptr) {
        reading_to_->commit(size);
    } else {
        input_.commit(size);
        if (with_handler_)
            start_input_read();
    }
    notify();
}

}  // namespace tidegate::http
