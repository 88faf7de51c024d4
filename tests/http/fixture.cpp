#include "http/fixture.h"

#include <chrono>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

namespace tidegate::http {

using namespace std::chrono_literals;
using Timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, async::Executor>;

namespace {

constexpr std::string_view kText = "content-type: text/plain\r\n";
constexpr std::string_view kEvents = "content-type: text/event-stream\r\n";

}  // namespace

async::Task<void> TestHandler::handle(const Request& request, ResponseWriter& writer, async::IoThread& thread) {
    count(handled);
    const std::string_view path = request.path;
    if (path == "/healthz") {
        const auto ignored = co_await writer.respond(200, kText, "ok");
    } else if (path == "/stream") {
        co_await stream(request, writer);
    } else if (path == "/endless") {
        co_await endless(writer);
    } else if (path == "/wait" || path == "/silent" || path == "/late") {
        if (path != "/wait") {
            [[maybe_unused]] const auto begun = writer.start_stream(200, kEvents);
            writer.set_heartbeat(": alive\n\n", path == "/silent" ? heartbeat : Duration{1h});
            const auto ignored = co_await writer.write("data: first\n\n");
        }
        co_await wait_for_end(writer, thread);
    } else if (path == "/hold") {
        co_await hold(writer, thread);
    } else if (path == "/big") {
        const std::string body(std::stoul(std::string(request.query)), 'x');
        const auto ignored = co_await writer.respond(200, kText, body);
    } else if (path == "/post") {
        boost::asio::post(thread.context(), [this] { before_posted = handled.load(); });
        const auto ignored = co_await writer.respond(200, kText, "posted");
    } else if (path == "/throw") {
        throw std::runtime_error("on purpose");
    } else if (path == "/cut") {
        [[maybe_unused]] const auto begun = writer.start_stream(200, kEvents);
        const auto ignored = co_await writer.write("data: half\n\n");
    } else if (path == "/badlines") {
        const auto ignored = co_await writer.respond(200, "x-a: b\r\n\r\nGET / HTTP/1.1\r\n", "");
    } else if (path == "/empty") {
        const auto ignored = co_await writer.respond(204, "", "");
    } else if (path != "/nothing") {
        co_await echo(request, writer);
    }
}

async::Task<void> TestHandler::echo(const Request& request, ResponseWriter& writer) {
    std::string text = fmt::format("{} {}\nquery={}\nhost={}\n", to_string(request.method), request.path,
                                   request.query, request.host);
    request.for_each_header(
        [&](std::string_view name, std::string_view value) { text += fmt::format("{}: {}\n", name, value); });
    // Reads the padding, so that a sanitizer sees if it is there.
    unsigned padding = 0;
    for (std::size_t i = 0; i < Request::kBodyPadding; ++i)
        padding += static_cast<unsigned char>(*(request.body.data() + request.body.size() + i));
    text += fmt::format("padding={}\nbody={}:", padding, request.body.size());
    text += request.body;
    const auto ignored = co_await writer.respond(200, kText, text);
}

async::Task<void> TestHandler::stream(const Request& request, ResponseWriter& writer) {
    [[maybe_unused]] const auto begun = writer.start_stream(200, kEvents);
    std::string_view rest = request.body;
    std::size_t comma = rest.find(',');
    while (comma != std::string_view::npos) {
        const std::string_view part = rest.substr(0, comma);
        const auto ignored = co_await writer.write(part);
        rest.remove_prefix(comma + 1);
        comma = rest.find(',');
    }
    const auto ignored = co_await writer.finish(rest);
}

async::Task<void> TestHandler::endless(ResponseWriter& writer) {
    [[maybe_unused]] const auto begun = writer.start_stream(200, kEvents);
    const std::string block(64 * 1024, 'x');
    bool reachable = true;
    while (reachable) {
        const auto sent = co_await writer.write(block);
        reachable = sent.has_value();
        if (reachable) {
            written += block.size();
            changed_.notify_all();
        }
    }
    const bool told = writer.cancellation().cancelled();
    if (told)
        last_reason = static_cast<int>(*writer.cancellation().reason());
    if (told)
        count(cancelled);
}

async::Task<void> TestHandler::wait_for_end(ResponseWriter& writer, async::IoThread& thread) {
    Timer timer(thread.executor(), std::chrono::steady_clock::time_point::max());
    const async::Cancellation::Listener listener(writer.cancellation(),
                                                 [&](async::CancelReason) { timer.cancel(); });
    if (!writer.cancellation().cancelled())
        co_await timer.async_wait(async::as_tuple);
    const async::CancelReason reason = *writer.cancellation().reason();
    last_reason = static_cast<int>(reason);
    if (writer.started()) {
        const auto ignored = co_await writer.finish("data: goodbye\n\n");
    } else {
        const auto ignored = co_await writer.respond(503, kText, "goodbye");
    }
    count(cancelled);
}

async::Task<void> TestHandler::hold(ResponseWriter& writer, async::IoThread& thread) {
    Timer timer(thread.executor());
    while (!released_) {
        timer.expires_after(5ms);
        co_await timer.async_wait(async::as_tuple);
    }
    const auto ignored = co_await writer.respond(200, kText, "held");
}

void TestHandler::count(std::atomic<int>& counter) {
    const std::lock_guard lock(mutex_);
    ++counter;
    changed_.notify_all();
}

bool TestHandler::wait_until(const std::function<bool()>& done) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, done);
}

bool TestHandler::wait_for_handled(int wanted) {
    return wait_until([&] { return handled >= wanted; });
}

bool TestHandler::wait_for_cancelled(int wanted) {
    return wait_until([&] { return cancelled >= wanted; });
}

bool TestHandler::wait_for_written(std::uint64_t more_than) {
    return wait_until([&] { return written > more_than; });
}

void TestHandler::release() {
    released_ = true;
}

ServerTest::ServerTest() {
    one_.start();
    two_.start();
}

ServerTest::~ServerTest() {
    handler_.release();
    server_.reset();
    one_.stop();
    two_.stop();
}

ListenerOptions ServerTest::small_options() {
    ListenerOptions options;
    options.address = "127.0.0.1:0";
    options.limits.body = 1024 * 1024;
    return options;
}

void ServerTest::start(ListenerOptions options) {
    auto server = Server::listen(std::move(options), {&one_, &two_}, handler_);
    ASSERT_TRUE(server.has_value()) << server.error().text();
    server_ = std::move(*server);
}

bool ServerTest::eventually(const std::function<bool(const Statistics&)>& done) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!done(server_->statistics())) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::yield();
    }
    return true;
}

}  // namespace tidegate::http
