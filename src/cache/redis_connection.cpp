#include "cache/redis_connection.h"

#include <tidegate/base/log.h>

#include <algorithm>
#include <array>
#include <deque>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

namespace tidegate::cache {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, async::Executor>;

constexpr Duration kConnectPatience = std::chrono::seconds{1};
constexpr std::size_t kMostQuestions = 4096;
constexpr std::size_t kMostUnsent = 64 << 20;
constexpr std::size_t kReadSize = 64 << 10;

}  // namespace

// On the frame of who asks; the greeting of a session in the session.
struct RedisConnection::Question {
    Question(const async::Executor& executor, std::size_t replies_wanted)
        : wanted(replies_wanted), answered(executor) {}

    void finish() {
        over = true;
        answered.cancel();
    }

    const std::size_t wanted;
    Replies replies;
    Timer answered;  // cancelled when it is over
    bool over = false;
};

struct RedisConnection::Session {
    // `connection` is kept alive by the tasks that keep this alive.
    explicit Session(RedisConnection& connection)
        : socket(connection.io_.executor()),
          deadline(connection.io_.wheel(), [&connection, this] { connection.fail(*this, "no connection"); }),
          greeting(connection.io_.executor(), connection.greeting_replies_),
          unsent(connection.greeting_) {
        questions.push_back(&greeting);
    }

    void close() {
        boost::system::error_code ignored;
        socket.close(ignored);
    }

    asio::basic_stream_socket<Tcp, async::Executor> socket;
    async::TimerWheel::Entry deadline;  // of connecting and greeting
    Question greeting;                  // other questions may stand behind it before it is answered
    std::deque<Question*> questions;    // in the order of their replies
    std::string unsent;
    std::string sending;
    std::array<char, kReadSize> buffer{};
    RedisReplies replies;
    std::uint64_t moved = 0;  // bytes in either direction
    bool connected = false;
    bool sends = false;  // its sending task runs
    bool ended = false;
};

RedisConnection::RedisConnection(async::IoThread& io, RedisOptions options, RedisHealth& health)
    : io_(io), options_(std::move(options)), health_(health) {
    const auto greet = [this](std::initializer_list<std::string_view> words) {
        append_command(greeting_, words);
        ++greeting_replies_;
    };
    if (!options_.user.empty()) {
        greet({"AUTH", options_.user, options_.password});
    } else if (!options_.password.empty()) {
        greet({"AUTH", options_.password});
    }
    if (options_.database != 0)
        greet({"SELECT", std::to_string(options_.database)});
    greet({"PING"});
}

RedisConnection::~RedisConnection() = default;

async::Task<std::optional<RedisConnection::Replies>> RedisConnection::ask(Shared self, std::string commands,
                                                                          std::size_t count) {
    const SharedSession session = session_of(self);
    if (!session || session->questions.size() >= kMostQuestions || session->unsent.size() > kMostUnsent) {
        ++self->health_.failures;
        co_return std::nullopt;
    }
    Question question(self->io_.executor(), count);
    session->questions.push_back(&question);
    session->unsent += commands;
    send_soon(self, session);
    co_await wait(question, *session);
    if (!question.over)
        self->fail(*session, "it does not answer");
    if (question.replies.size() == question.wanted)
        co_return std::move(question.replies);
    ++self->health_.failures;
    co_return std::nullopt;
}

// A large answer takes its time; a Redis that says nothing does not get it.
async::Task<void> RedisConnection::wait(Question& question, const Session& session) {
    std::uint64_t moved = session.moved;
    for (Duration waited{}; !question.over && waited < kLongestPatience; waited += kPatience) {
        question.answered.expires_after(kPatience);
        co_await question.answered.async_wait(async::as_tuple);
        if (session.moved == moved)
            co_return;
        moved = session.moved;
    }
}

RedisConnection::SharedSession RedisConnection::session_of(const Shared& self) {
    if (!self->session_) {
        if (self->conversing_ || self->io_.clock().steady() < self->rest_until_)
            return nullptr;
        self->session_ = std::make_shared<Session>(*self);
        self->conversing_ = true;
        self->io_.tasks().spawn(converse(self, self->session_));
    }
    return self->trusted_ ? self->session_ : nullptr;
}

void RedisConnection::send_soon(const Shared& self, const SharedSession& session) {
    if (!session->connected || session->sends)
        return;
    session->sends = true;
    self->io_.tasks().spawn(send(self, session));
}

async::Task<> RedisConnection::send(Shared self, SharedSession session) {
    while (!session->ended && !session->unsent.empty()) {
        session->sending.clear();
        session->sending.swap(session->unsent);
        for (std::size_t at = 0; !session->ended && at < session->sending.size();) {
            const auto [error, size] =
                co_await session->socket.async_write_some(asio::buffer(session->sending) + at, async::as_tuple);
            at += size;
            session->moved += size;
            if (error)
                self->fail(*session, error.message());
        }
    }
    session->sends = false;
}

async::Task<> RedisConnection::converse(Shared self, SharedSession session) {
    session->deadline.arm_in(kConnectPatience);
    session->connected = co_await self->connect(*session);
    if (session->connected) {
        send_soon(self, session);
        co_await self->read(*session);
    }
    self->conversing_ = false;
}

// A name is resolved on Asio's own thread; that may take longer than anybody waits.
async::Task<bool> RedisConnection::connect(Session& session) {
    asio::ip::basic_resolver<Tcp, async::Executor> resolver(io_.executor());
    const std::string port = std::to_string(options_.port);
    const auto [unresolved, addresses] = co_await resolver.async_resolve(options_.host, port, async::as_tuple);
    if (unresolved) {
        fail(session, unresolved.message());
        co_return false;
    }
    boost::system::error_code failure = asio::error::host_not_found;
    for (auto address = addresses.begin(); failure && address != addresses.end() && !session.ended; ++address) {
        session.close();
        std::tie(failure) = co_await session.socket.async_connect(address->endpoint(), async::as_tuple);
    }
    if (failure || session.ended) {
        fail(session, failure.message());
        co_return false;
    }
    boost::system::error_code ignored;
    session.socket.set_option(Tcp::no_delay(true), ignored);
    session.socket.set_option(asio::socket_base::keep_alive(true), ignored);
    co_return true;
}

async::Task<void> RedisConnection::read(Session& session) {
    while (!session.ended) {
        const auto [error, size] =
            co_await session.socket.async_read_some(asio::buffer(session.buffer), async::as_tuple);
        if (session.ended)
            co_return;
        session.moved += size;
        if (error && session.questions.empty()) {
            end(session);  // Redis closes connections that are idle for long
        } else if (error) {
            fail(session, error.message());
        } else if (const auto fed = session.replies.feed({session.buffer.data(), size}); !fed) {
            fail(session, fed.error().message);
        } else {
            take_replies(session);
        }
    }
}

void RedisConnection::take_replies(Session& session) {
    while (!session.ended) {
        auto next = session.replies.next();
        if (!next)
            return fail(session, next.error().message);
        std::optional<RedisReply>& reply = *next;
        if (!reply)
            return;
        if (session.questions.empty())
            return fail(session, "it answers what was not asked");
        Question& question = *session.questions.front();
        question.replies.push_back(std::move(*reply));
        if (question.replies.size() < question.wanted)
            continue;
        session.questions.pop_front();
        question.finish();
        if (&question == &session.greeting)
            greeted(session);
    }
}

void RedisConnection::greeted(Session& session) {
    for (const RedisReply& reply : session.greeting.replies) {
        if (reply.kind == RedisReply::Kind::error)
            return fail(session, reply.text);
    }
    session.deadline.disarm();
    trusted_ = true;
    if (health_.away.exchange(false))
        log::info("cache", "{} is back", where());
}

void RedisConnection::fail(Session& session, std::string_view why) {
    if (session.ended)
        return;
    trusted_ = false;
    rest_until_ = io_.clock().steady() + kRest;
    if (!health_.away.exchange(true)) {
        log::warn("cache", "{} is away: {}; until it is back every look-up there is a miss", where(), why);
    }
    end(session);
}

void RedisConnection::end(Session& session) {
    session.ended = true;
    session.deadline.disarm();
    session.close();
    for (Question* const question : session.questions) question->finish();
    session.questions.clear();
    if (session_.get() == &session)
        session_.reset();
}

std::string RedisConnection::where() const {
    return fmt::format("Redis at {}:{}", options_.host, options_.port);
}

}  // namespace tidegate::cache
