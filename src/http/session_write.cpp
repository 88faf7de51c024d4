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

// What is known without waiting.
async::Task<Result<void>> result(Result<void> known) {
    co_return known;
}

}  // namespace

async::Task<Result<void>> Session::respond(int status, std::string_view header_lines, std::string_view body) {
    if (answer_ != Answer::none)
        return result(misuse("the answer has already begun"));
    if (!valid_header_lines(header_lines))
        return result(misuse("the header lines are malformed"));
    answer_ = Answer::finished;
    std::string& out = shard_.output;
    out.clear();
    out.reserve(header_lines.size() + kOurLines + std::min(body.size(), kCopied));
    append_head(out, status, header_lines, Kind::whole, body.size());
    if (bodiless(status))
        body = {};
    if (body.size() <= kCopied) {
        out.append(body);
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
    unsent_.clear();
    append_head(unsent_, status, header_lines, Kind::stream, 0);
    return {};
}

async::Task<Result<void>> Session::write(std::string_view bytes) {
    if (answer_ != Answer::streaming)
        return result(misuse("no stream is open"));
    return send_chunk(bytes, false);
}

async::Task<Result<void>> Session::finish(std::string_view last_bytes) {
    if (answer_ != Answer::streaming)
        return result(misuse("no stream is open"));
    return send_chunk(last_bytes, true);
}

// A heartbeat may be on its way, and its rest in the buffer for that.
async::Task<Result<void>> Session::send_chunk_later(std::string_view bytes, bool last) {
    while (writing_) {
        co_await wait();
    }
    co_return co_await send_chunk(bytes, last);
}

async::Task<Result<void>> Session::send_chunk(std::string_view bytes, bool last) {
    if (writing_)
        return send_chunk_later(bytes, last);
    std::string& out = shard_.output;
    out.assign(unsent_);
    std::string().swap(unsent_);
    if (drop_body_)
        bytes = {};
    std::string_view end;
    if (chunked_) {
        if (!bytes.empty()) {
            append_number(out, bytes.size(), 16);
            out += "\r\n";
            end = last ? "\r\n0\r\n\r\n" : "\r\n";
        } else if (last) {
            end = "0\r\n\r\n";
        }
    }
    if (bytes.size() <= kCopied) {
        out.append(bytes).append(end);
        bytes = end = {};
    }
    if (last)
        answer_ = Answer::finished;
    return send(bytes, end);
}

// Sends the thread's output, then the rest. What the socket takes leaves before this returns: whatever the
// caller does with the task, no other session's output is in the buffer yet.
async::Task<Result<void>> Session::send(std::string_view middle, std::string_view end) {
    if (gone_)
        return result(check_reachable());
    Transport::Buffers buffers{asio::buffer(shard_.output), asio::buffer(middle.data(), middle.size()),
                               asio::buffer(end.data(), end.size())};
    head_sent_ = answer_ != Answer::none;
    const Transport::Written written = transport_->write_now(buffers);
    sent_ += written.size;
    if (!written.error && asio::buffer_size(buffers) > 0) {
        // Not the thread's any more: others write while this waits.
        unsent_.swap(shard_.output);
        buffers[0] = asio::buffer(unsent_) + (unsent_.size() - buffers[0].size());
        writing_ = true;
        return send_rest(buffers);
    }
    end_write(written.error);
    return result(check_reachable());
}

// In the phase "writing" the deadline is the client's to take a byte.
async::Task<Result<void>> Session::send_rest(Transport::Buffers buffers) {
    phase_ = Phase::writing;
    const Transport::Written written = co_await transport_->write(buffers, deadline_, shard_.timeouts.write);
    writing_ = false;
    std::string().swap(unsent_);
    sent_ += written.size;
    end_write(written.error);
    co_return check_reachable();
}

// A write is over.
void Session::end_write(boost::system::error_code error) {
    if (error)
        client_left();
    if (answer_ == Answer::streaming && !heartbeat_.empty() && with_handler_) {
        enter(Phase::quiet, heartbeat_interval_);
    } else {
        phase_ = Phase::handling;
        deadline_.disarm();
    }
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

void Session::append_head(std::string& out, int status, std::string_view header_lines, Kind kind,
                          std::size_t body_size) {
    const bool may_announce = status != 204 && status != 304;
    out += "HTTP/1.1 ";
    append_number(out, static_cast<std::size_t>(status), 10);
    out += ' ';
    out.append(reason_phrase(status)).append("\r\n").append(header_lines).append(shard_.date_line());
    if (kind == Kind::whole && may_announce) {
        out += "content-length: ";
        append_number(out, body_size, 10);
        out += "\r\n";
    }
    if (kind == Kind::stream && may_announce && !request_.http_1_0)
        out += "transfer-encoding: chunked\r\n";
    if (draining_)
        keep_ = false;
    if (!keep_) {
        out += "connection: close\r\n";
    } else if (request_.http_1_0) {
        out += "connection: keep-alive\r\n";
    }
    out += "\r\n";
}

}  // namespace tidegate::http
