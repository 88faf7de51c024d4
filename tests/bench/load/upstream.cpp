// The provider of the benchmarks: answers what a question asks for (`answers.h`) and says the question's marker
// back. One thread. Usage: bench_upstream PORT
#include "answers.h"
#include "marker.h"
#include "message.h"
#include "sockets.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace bench;

struct Connection {
    explicit Connection(int descriptor, std::uint64_t identity) : descriptor(descriptor), identity(identity) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { ::close(descriptor); }

    int descriptor;
    std::uint64_t identity;  // of this connection, whose descriptor another may have later
    MessageReader reader;
    std::string body;
    std::string out;
    std::size_t sent = 0;
    bool waits_for_output = false;
    bool answering = false;
    Plan plan;
    std::size_t chunk = 0;  // next
    std::int64_t due = 0;   // of the next step, nanoseconds
};

struct Timer {
    std::int64_t time;
    int descriptor;
    std::uint64_t identity;
    bool operator<(const Timer& other) const { return time > other.time; }  // the earliest on top
};

class Upstream {
  public:
    explicit Upstream(std::uint16_t port) : listener_(listen_on(port)), buffer_(256 << 10, 0) {
        poller_.add(listener_, false);
    }

    [[noreturn]] void run() {
        while (true) {
            const int count = poller_.wait(wait_time());
            for (int number = 0; number < count; ++number) handle(poller_.event(number));
            run_timers();
            run_eager();
        }
    }

  private:
    std::int64_t wait_time() const {
        if (!eager_.empty())
            return 0;
        if (timers_.empty())
            return -1;
        return std::max<std::int64_t>(0, timers_.top().time - now());
    }

    void handle(Poller::Event event) {
        if (event.descriptor == listener_) {
            accept_all();
            return;
        }
        Connection* connection = find(event.descriptor);
        if (connection == nullptr)
            return;
        if (event.output && !flush(*connection))
            return;
        if (event.input)
            read(*connection);
    }

    void accept_all() {
        while (true) {
            const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (descriptor < 0)
                return;
            set_no_delay(descriptor);
            poller_.add(descriptor, false);
            connections_[descriptor] = std::make_unique<Connection>(descriptor, ++identities_);
        }
    }

    Connection* find(int descriptor) {
        const auto found = connections_.find(descriptor);
        return found == connections_.end() ? nullptr : found->second.get();
    }

    Connection* find(int descriptor, std::uint64_t identity) {
        Connection* connection = find(descriptor);
        return connection != nullptr && connection->identity == identity ? connection : nullptr;
    }

    void read(Connection& connection) {
        const ssize_t count = ::recv(connection.descriptor, buffer_.data(), buffer_.size(), 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (count <= 0) {
            connections_.erase(connection.descriptor);
            return;
        }
        const std::string_view data(buffer_.data(), static_cast<std::size_t>(count));
        connection.reader.read(data, connection.body);
        if (connection.reader.failed()) {
            connections_.erase(connection.descriptor);
        } else if (connection.reader.complete()) {
            begin(connection);
        }
    }

    void begin(Connection& connection) {
        const bool known = read_plan(connection.reader.head(), connection.body, connection.plan);
        connection.reader.reset();
        connection.body.clear();
        if (!known) {  // a look whether it is there
            connection.out.append(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}");
            flush(connection);
            return;
        }
        connection.answering = true;
        connection.chunk = 0;
        connection.due = now() + connection.plan.latency * 1000;
        if (connection.plan.latency > 0) {
            timers_.push({connection.due, connection.descriptor, connection.identity});
        } else {
            step(connection);
        }
    }

    // Writes what is due and arranges for what comes after it.
    void step(Connection& connection) {
        const Plan& plan = connection.plan;
        if (!plan.stream) {
            append_answer(plan, connection.out);
            connection.answering = false;
            flush(connection);
            return;
        }
        if (connection.chunk == 0)
            append_stream_head(plan, connection.out);
        for (std::size_t count = 0; count < plan.batch && connection.chunk < plan.chunks; ++count) {
            append_chunk(plan, connection.chunk++, connection.out);
        }
        const bool ended = connection.chunk >= plan.chunks;
        if (ended)
            append_stream_end(plan, connection.out);
        if (ended)
            connection.answering = false;
        if (!flush(connection) || ended || silent(connection))
            return;
        connection.due += plan.interval * 1000;
        if (plan.interval > 0) {
            timers_.push({connection.due, connection.descriptor, connection.identity});
        } else if (!connection.waits_for_output) {
            eager_.push_back({0, connection.descriptor, connection.identity});
        }
    }

    static bool silent(const Connection& connection) {
        return connection.plan.hold > 0 && connection.chunk >= connection.plan.hold;
    }

    // False if the connection is gone.
    bool flush(Connection& connection) {
        if (!write_some(connection.descriptor, connection.out, connection.sent)) {
            connections_.erase(connection.descriptor);
            return false;
        }
        const bool rest = connection.sent < connection.out.size();
        if (!rest) {
            connection.out.clear();
            connection.sent = 0;
        }
        if (rest != connection.waits_for_output) {
            connection.waits_for_output = rest;
            poller_.change(connection.descriptor, rest);
            const bool flat_out = connection.answering && connection.chunk > 0 && connection.plan.interval == 0;
            if (!rest && flat_out && !silent(connection))
                eager_.push_back({0, connection.descriptor, connection.identity});
        }
        return true;
    }

    void run_timers() {
        const std::int64_t time = now();
        while (!timers_.empty() && timers_.top().time <= time) {
            const Timer timer = timers_.top();
            timers_.pop();
            if (Connection* connection = find(timer.descriptor, timer.identity))
                step(*connection);
        }
    }

    // Streams without a pace: one write each, then the others have their turn.
    void run_eager() {
        std::vector<Timer> turn;
        turn.swap(eager_);
        for (const Timer& entry : turn) {
            if (Connection* connection = find(entry.descriptor, entry.identity))
                step(*connection);
        }
    }

    int listener_;
    Poller poller_;
    std::string buffer_;
    std::unordered_map<int, std::unique_ptr<Connection>> connections_;
    std::priority_queue<Timer> timers_;
    std::vector<Timer> eager_;
    std::uint64_t identities_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
    std::uint16_t port = 0;
    if (count == 2)
        std::from_chars(arguments[1], arguments[1] + std::strlen(arguments[1]), port);
    if (port == 0) {
        std::fputs("usage: bench_upstream PORT\n", stderr);
        return 64;
    }
    raise_descriptors();
    sharpen_timers();
    Upstream(port).run();
}
