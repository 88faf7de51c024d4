#include "http/session.h"

#include <tidegate/http/header_lines.h>

#include <algorithm>
#include <charconv>

namespace tidegate::http {
namespace {

// Up to here a copy into one buffer is cheaper than gathering.
constexpr std::size_t kCopied = 64 * 1024;
// The most that our own lines of a head take.
constexpr std::size_t kOurLines = 256;

void append_number(std::string& out, std::size_t number, int base) {
    char digits[24];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number, base);
    out.append(digits, end);
}

Error misuse(std::string message) {
    return {ErrorKind::internal, ErrorSource::gateway, std::move(message)};
}

// An error that is known without waiting.
async::Task<Result<void>> fail(Error error) {
    co_return error;
}

}  // namespace

async::Task<Result<void>> Session::respond(int status, std::string_view header_lines, std::string_view body) {
    if (answer_ != Answer::none)
        return fail(misuse("the answer has already begun"));
    if (!valid_header_lines(header_lines))
        return fail(misuse("the header lines are malformed"));
    answer_ = Answer::finished;
    out_.clear();
    out_.reserve(header_lines.size() + kOurLines + std::min(body.size(), kCopied));
    append_head(status, header_lines, Kind::whole, body.size());
    if (bodiless(status))
        body = {};
    if (body.size() <= kCopied) {
        out_.append(body);
        body = {};
    }
    return send(body, {});
}

Result<void> Session::start_stream(int status, std::string_view header_lines) {
    if (answer_ != Answer::none)
        return misuse("the answer has already begun");
    if (!valid_header_lines(header_lines))
        return misuse("the header lines are malformed");
    answer_ = Answer::streaming;
    drop_body_ = bodiless(status);
    chunked_ = !request_.http_1_0 && !drop_body_;
    if (request_.http_1_0)
        keep_ = false;
    out_.clear();
    append_head(status, header_lines, Kind::stream, 0);
    return {};
}

async::Task<Result<void>> Session::write(std::string_view bytes) {
    if (answer_ != Answer::streaming)
        return fail(misuse("no stream is open"));
    return send_chunk(bytes, false);
}

async::Task<Result<void>> Session::finish(std::string_view last_bytes) {
    if (answer_ != Answer::streaming)
        return fail(misuse("no stream is open"));
    return send_chunk(last_bytes, true);
}

// A heartbeat may be on its way, and with it the buffer.
async::Task<Result<void>> Session::send_chunk_later(std::string_view bytes, bool last) {
    while (writing_) {
        co_await wait();
    }
    co_return co_await send_chunk(bytes, last);
}

async::Task<Result<void>> Session::send_chunk(std::string_view bytes, bool last) {
    if (writing_)
        return send_chunk_later(bytes, last);
    if (head_sent_)
        out_.clear();
    if (drop_body_)
        bytes = {};
    std::string_view end;
    if (chunked_) {
        if (!bytes.empty()) {
            append_number(out_, bytes.size(), 16);
            out_ += "\r\n";
            end = last ? "\r\n0\r\n\r\n" : "\r\n";
        } else if (last) {
            end = "0\r\n\r\n";
        }
    }
    if (bytes.size() <= kCopied) {
        out_.append(bytes).append(end);
        bytes = end = {};
    }
    if (last)
        answer_ = Answer::finished;
    return send(bytes, end);
}

// Sends `out_`, then the rest. In the phase "writing" the deadline is the client's to take a byte.
async::Task<Result<void>> Session::send(std::string_view middle, std::string_view end) {
    if (gone_)
        co_return check_reachable();
    Transport::Buffers buffers{asio::buffer(out_), asio::buffer(middle.data(), middle.size()),
                               asio::buffer(end.data(), end.size())};
    head_sent_ = answer_ != Answer::none;
    Transport::Written written = transport_->write_now(buffers);
    sent_ += written.size;
    if (!written.error && asio::buffer_size(buffers) > 0) {
        writing_ = true;
        phase_ = Phase::writing;
        written = co_await transport_->write(buffers, deadline_, shard_.timeouts.write);
        writing_ = false;
        sent_ += written.size;
    }
    if (written.error)
        client_left();
    if (answer_ == Answer::streaming && !heartbeat_.empty() && with_handler_) {
        enter(Phase::quiet, heartbeat_interval_);
    } else {
        phase_ = Phase::handling;
        deadline_.disarm();
    }
    co_return check_reachable();
}

Result<void> Session::check_reachable() const {
    if (!gone_)
        return {};
    return Error{ErrorKind::cancelled, ErrorSource::client, "the client left"};
}

void Session::set_heartbeat(std::string bytes, Duration interval) {
    heartbeat_ = std::move(bytes);
    heartbeat_interval_ = interval;
    if (writing_ || !with_handler_ || gone_)
        return;
    if (!heartbeat_.empty()) {
        enter(Phase::quiet, interval);
    } else {
        phase_ = Phase::handling;
        deadline_.disarm();
    }
}

async::Task<> Session::send_heartbeat() {
    writing_ = false;  // taken over from whoever spawned this
    if (answer_ == Answer::streaming && with_handler_ && !gone_) {
        const Result<void> ignored = co_await send_chunk(heartbeat_, false);
    }
    notify();
}

bool Session::bodiless(int status) const {
    return request_.method == Method::head || status == 204 || status == 304;
}

void Session::append_head(int status, std::string_view header_lines, Kind kind, std::size_t body_size) {
    const bool may_announce = status != 204 && status != 304;
    out_ += "HTTP/1.1 ";
    append_number(out_, static_cast<std::size_t>(status), 10);
    out_ += ' ';
    out_.append(reason_phrase(status)).append("\r\n").append(header_lines).append(shard_.date_line());
    if (kind == Kind::whole && may_announce) {
        out_ += "content-length: ";
        append_number(out_, body_size, 10);
        out_ += "\r\n";
    }
    if (kind == Kind::stream && may_announce && !request_.http_1_0)
        out_ += "transfer-encoding: chunked\r\n";
    if (draining_)
        keep_ = false;
    if (!keep_) {
        out_ += "connection: close\r\n";
    } else if (request_.http_1_0) {
        out_ += "connection: keep-alive\r\n";
    }
    out_ += "\r\n";
}

}  // namespace tidegate::http
