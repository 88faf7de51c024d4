#include "upstream/connection.h"

#include "upstream/state.h"

#include <algorithm>
#include <cstring>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

namespace tidegate::upstream {
namespace {

constexpr int kMaxInterim = 16;
// Up to here head and body are copied into one buffer, above they are gathered.
constexpr std::size_t kOneWrite = 65'536;

SteadyTime later(SteadyTime from, Duration by) {
    return by > SteadyTime::max() - from ? SteadyTime::max() : from + by;
}

// Drops the first `size` bytes of what is to be written.
void advance(std::array<asio::const_buffer, 2>& parts, std::size_t size) {
    const std::size_t of_first = std::min(size, parts[0].size());
    parts[0] += of_first;
    parts[1] += size - of_first;
}

}  // namespace

Connection::Connection(std::shared_ptr<ClientState> state, std::shared_ptr<const Endpoint> endpoint)
    : state_(std::move(state)),
      endpoint_(std::move(endpoint)),
      socket_(state_->thread.context()),
      timer_(state_->thread.wheel(), [this] { expired(); }),
      signal_(state_->thread.context()),
      opened_(state_->thread.clock().steady()) {
    ++state_->stats.open;
}

Connection::~Connection() {
    state_->take_back(buffer_);
    --state_->stats.open;
}

void Connection::begin(const Request& request, async::Cancellation& cancellation) {
    idle_ = false;
    timer_.disarm();
    phase_ = served_ ? Phase::send : Phase::connect;
    reused_ = served_;
    stop_ = Stop::none;
    error_.reset();
    sent_whole_ = any_bytes_ = head_done_ = false;
    received_ = 0;
    total_ = request.total_deadline;
    idle_limit_ = request.idle > Duration::zero() ? request.idle : endpoint_->timeouts().idle;
    listener_.emplace(cancellation, [this](async::CancelReason) { stop(Stop::cancelled); });
}

async::Task<bool> Connection::send(const Request& request) {
    phase_ = Phase::send;
    std::string out = state_->lend_string();
    render(out, request);
    std::string_view rest = request.body;
    if (out.size() + rest.size() <= kOneWrite) {
        out.append(rest);
        rest = {};
    }
    Parts parts{asio::buffer(out), asio::buffer(rest)};
    boost::system::error_code failure = write_now(parts);
    if (!failure && asio::buffer_size(parts) > 0)
        failure = co_await write_all(parts);
    state_->take_back(std::move(out));
    sent_whole_ = !failure;  // even if it was cancelled since: the provider has it
    if (sent_whole_)
        phase_ = Phase::first_byte;
    if (stop_ != Stop::none)
        co_return fail_io(failure);
    if (sent_whole_)
        co_return true;
    // A server may refuse a request before it has read it all, and close: its answer is there to be read.
    const Error write_error{ErrorKind::unavailable, ErrorSource::upstream,
                            where() + " broke while sending: " + failure.message(), nullptr, true};
    const bool answered = co_await read_head(request);
    if (answered)
        co_return true;
    if (!any_bytes_ && stop_ == Stop::none) {
        error_ = write_error;
        phase_ = Phase::send;
    }
    co_return false;
}

async::Task<bool> Connection::read_head(const Request& request) {
    if (head_done_)
        co_return true;
    phase_ = Phase::first_byte;
    state_->lend(buffer_);
    arm(request.first_byte_deadline);
    std::size_t limit = request.response_head_limit;
    int heads = 0;
    HeadScanner scanner;
    for (;;) {
        const HeadScanner::Status found = scanner.scan(buffer_.view());
        if (found == HeadScanner::Status::malformed)
            co_return fail_malformed("bad line in head");
        const bool too_large =
            found == HeadScanner::Status::complete ? scanner.size() > limit : buffer_.view().size() >= limit;
        if (too_large) {
            co_return fail(Error{ErrorKind::too_large, ErrorSource::upstream,
                                 where() + " sent too large a head", nullptr, false});
        }
        if (found == HeadScanner::Status::need_more) {
            const bool filled = co_await fill(limit);
            if (!filled)
                co_return false;
            continue;
        }
        if (!head_.parse(buffer_.view().substr(0, scanner.size()), request.method == "HEAD"))
            co_return fail_malformed(head_.problem());
        buffer_.begin += scanner.size();
        if (!head_.interim())
            break;
        limit -= scanner.size();
        if (++heads > kMaxInterim)
            co_return fail_malformed("too many interim answers");
        scanner = HeadScanner();
    }
    arm(SteadyTime::max());
    body_ = head_.body();
    head_done_ = true;
    phase_ = Phase::body;
    served_ = true;
    co_return true;
}

// Reads once, into a larger buffer if this one is full.
async::Task<bool> Connection::fill(std::size_t limit) {
    if (buffer_.empty())
        buffer_.begin = buffer_.end = 0;
    if (buffer_.end == buffer_.capacity) {
        const std::string_view kept = buffer_.view();
        const std::size_t wanted = std::min(kept.size() * 2, limit) + ReadBuffer::kSize;
        auto larger = std::make_unique_for_overwrite<char[]>(wanted);
        std::memcpy(larger.get(), kept.data(), kept.size());
        buffer_ = ReadBuffer{std::move(larger), wanted, 0, kept.size()};
    }
    const asio::mutable_buffer into(buffer_.memory.get() + buffer_.end, buffer_.capacity - buffer_.end);
    const auto [failure, bytes] = co_await read_some(into);
    if (failure || stop_ != Stop::none)
        co_return fail_io(failure);
    buffer_.end += bytes;
    received_ += bytes;
    any_bytes_ = true;
    co_return true;
}

std::optional<Result<std::string_view>> Connection::body_at_hand() {
    if (stop_ != Stop::none)
        fail_io({});
    if (error_)
        return *error_;
    // All that has come is joined into one piece: chunks are moved down over their framing.
    char* const first = buffer_.memory.get() + buffer_.begin;
    std::string_view input = buffer_.view();
    std::string_view piece;
    std::string_view joined;
    BodyDecoder::Status status = body_.next(input, piece);
    while (status == BodyDecoder::Status::data) {
        if (joined.empty()) {
            joined = piece;
        } else {
            char* const behind = first + (joined.data() - first) + joined.size();
            std::memmove(behind, piece.data(), piece.size());
            joined = std::string_view(joined.data(), joined.size() + piece.size());
        }
        status = body_.next(input, piece);
    }
    buffer_.begin = buffer_.end - input.size();
    // What was good before the break is still told; the next read reports the break.
    if (!joined.empty() || status == BodyDecoder::Status::end)
        return joined;
    if (status == BodyDecoder::Status::malformed) {
        fail_malformed("bad chunk");
        return *error_;
    }
    return std::nullopt;
}

async::Task<Result<std::string_view>> Connection::read_body() {
    for (;;) {
        if (auto piece = body_at_hand())
            co_return *piece;
        buffer_.begin = buffer_.end = 0;
        reading_ = true;
        arm(later(state_->thread.clock().steady(), idle_limit_));
        const asio::mutable_buffer into(buffer_.memory.get(), buffer_.capacity);
        const auto [failure, bytes] = co_await read_some(into);
        // A reader that takes its time is no idle server: from here to the next read only the deadline counts.
        reading_ = false;
        arm(SteadyTime::max());
        received_ += bytes;
        buffer_.end = bytes;
        if (stop_ != Stop::none)
            continue;
        if (failure == asio::error::eof && body_.complete_at_close()) {
            body_ = BodyDecoder();
            head_done_ = false;  // nothing follows on a closed connection
        } else if (failure) {
            fail_io(failure);
        }
    }
}

bool Connection::readable() const {
    return error_ || stop_ != Stop::none || !buffer_.empty() || body_.done();
}

void Connection::fail_body(Error error) {
    fail(std::move(error));
}

void Connection::set_deadline(SteadyTime deadline) {
    total_ = deadline;
    arm(reading_ ? later(state_->thread.clock().steady(), idle_limit_) : SteadyTime::max());
}

bool Connection::finish() {
    listener_.reset();
    timer_.disarm();
    bool again = head_done_ && body_.done() && buffer_.empty() && head_.keep_alive() && sent_whole_ &&
                 !error_ && stop_ == Stop::none;
    if (tls_ && again) {
        SSL* const ssl = tls_->native_handle();
        again = SSL_has_pending(ssl) == 0 && BIO_pending(SSL_get_rbio(ssl)) == 0;
    }
    state_->take_back(buffer_);
    return again;
}

bool Connection::usable(SteadyTime now, Duration max_age) const {
    if (now >= later(opened_, max_age))
        return false;
    char byte = 0;
    // Nothing may be there: neither the end, nor bytes that nobody asked for.
    const ssize_t got = ::recv(const_cast<Socket&>(socket_).native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Connection::park(SteadyTime until) {
    idle_ = true;
    timer_.arm(std::min(until, later(opened_, state_->options.max_age)));
}

boost::system::error_code Connection::write_now(Parts& parts) {
    boost::system::error_code failure;
    if (tls_ || stop_ != Stop::none)
        return failure;
    const std::size_t written =
        parts[1].size() == 0 ? socket_.write_some(parts[0], failure) : socket_.write_some(parts, failure);
    advance(parts, written);
    return failure == asio::error::would_block ? boost::system::error_code() : failure;
}

async::Task<Connection::Io> Connection::write_some(const Parts& parts) {
    const asio::const_buffer part = parts[0].size() > 0 ? parts[0] : parts[1];
    // One TLS record a call, so one buffer a call; else one buffer leaves by a cheaper system call than two.
    if (tls_)
        co_return co_await tls_->async_write_some(part, async::as_tuple);
    if (part.size() == asio::buffer_size(parts))
        co_return co_await socket_.async_write_some(part, async::as_tuple);
    co_return co_await socket_.async_write_some(parts, async::as_tuple);
}

async::Task<boost::system::error_code> Connection::write_all(Parts parts) {
    while (stop_ == Stop::none && asio::buffer_size(parts) > 0) {
        arm(later(state_->thread.clock().steady(), idle_limit_));
        const auto [failure, written] = co_await write_some(parts);
        if (failure)
            co_return failure;
        advance(parts, written);
    }
    const bool whole = asio::buffer_size(parts) == 0;
    co_return whole ? boost::system::error_code() : asio::error::operation_aborted;
}

void Connection::render(std::string& out, const Request& request) const {
    out.append(request.method).append(" ");
    if (endpoint_->proxied() && !endpoint_->tls()) {
        out.append("http://").append(endpoint_->authority());
    }
    out.append(endpoint_->path_prefix()).append(request.path).append(" HTTP/1.1\r\n");
    out.append(endpoint_->header_lines()).append(request.headers);
    const bool bodiless = request.body.empty() &&
                          (request.method == "GET" || request.method == "HEAD" || request.method == "DELETE");
    if (!bodiless)
        out.append("content-length: ").append(std::to_string(request.body.size())).append("\r\n");
    out.append("\r\n");
}

void Connection::arm(SteadyTime deadline) {
    const SteadyTime first = std::min(deadline, total_);
    if (first == SteadyTime::max()) {
        timer_.disarm();
    } else {
        timer_.arm(first);
    }
}

void Connection::expired() {
    if (idle_) {
        state_->drop(*this);  // destroys this
    } else if (soft_) {
        boost::system::error_code ignored;
        socket_.close(ignored);
        signal_.cancel();
    } else {
        stop(Stop::timed_out);
    }
}

// Ends the operation that is pending, which reports the reason; so does every later one.
void Connection::stop(Stop reason) {
    if (stop_ != Stop::none)
        return;
    stop_ = reason;
    boost::system::error_code ignored;
    socket_.close(ignored);
    signal_.cancel();
}

bool Connection::fail(Error error) {
    if (!error_)
        error_ = std::move(error);
    boost::system::error_code ignored;
    socket_.close(ignored);
    return false;
}

bool Connection::fail_io(const boost::system::error_code& error) {
    if (stop_ == Stop::cancelled) {
        return fail(Error{ErrorKind::cancelled, ErrorSource::gateway,
                          fmt::format("the request to {} was cancelled", where()), nullptr, false});
    }
    if (stop_ == Stop::timed_out) {
        return fail(Error{ErrorKind::timeout, ErrorSource::upstream,
                          fmt::format("{} was too slow ({})", where(), to_string(phase_)), nullptr, true});
    }
    const bool closed = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
    return fail(Error{ErrorKind::unavailable, ErrorSource::upstream,
                      closed ? fmt::format("{} closed the connection ({})", where(), to_string(phase_))
                             : fmt::format("the connection to {} broke ({}): {}", where(), to_string(phase_),
                                           error.message()),
                      nullptr, true});
}

bool Connection::fail_malformed(std::string_view problem) {
    return fail(Error{ErrorKind::malformed, ErrorSource::upstream,
                      fmt::format("{} sent a malformed answer: {}", where(), problem), nullptr, false});
}

std::string Connection::where() const {
    return fmt::format("{}:{}", endpoint_->host(), endpoint_->port());
}

Failure Connection::failure() const {
    return Failure{error_.value_or(Error{}), phase_, sent_whole_, reused_, any_bytes_};
}

}  // namespace tidegate::upstream
