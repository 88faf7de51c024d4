// The load of the benchmarks: closed loop, open loop, streams, or connections that are only held. One thread.
// Every answer is compared with its question, and the report says what was not true. In an open loop a
// request's time runs from when it was due, whether or not a connection was free then.
#include "answer_check.h"
#include "marker.h"
#include "message.h"
#include "sockets.h"
#include "statistics.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using namespace bench;

struct Options {
    std::uint16_t port = 0;
    std::string request_file;  // head and body; its marker is written over for each request
    std::size_t connections = 64;
    double seconds = 2;
    double rate = 0;              // requests a second; 0: each connection asks again when it has its answer
    std::size_t chunks = 0;       // of a stream
    double spread = 0;            // seconds over which the first requests are spread
    double wait = 30;             // seconds for the last answers
    std::size_t hold_chunks = 0;  // with --hold: a stream counts as held after so many
    bool hold = false;            // ask once on each connection, then keep all until standard input ends
};

struct Connection {
    int descriptor = -1;
    std::size_t number = 0;
    std::uint64_t asked = 0;
    std::string out;
    std::size_t sent = 0;
    bool waits_for_output = false;
    bool busy = false;
    bool held = false;
    std::int64_t due = 0;
    MessageReader reader;
    std::string body;
    AnswerCheck check;
};

class Load {
  public:
    Load(Options options, std::string request)
        : options_(std::move(options)), request_(std::move(request)), buffer_(256 << 10, 0) {
        marker_at_ = request_.find(marker_begin);
        if (marker_at_ == std::string::npos)
            fail("the request has no marker");
    }

    void run() {
        start_ = now();
        end_ = start_ + static_cast<std::int64_t>(options_.seconds * 1e9);
        next_due_ = start_;
        if (options_.rate == 0)
            open_all();
        std::int64_t time = start_;
        const std::int64_t limit = end_ + static_cast<std::int64_t>(options_.wait * 1e9);
        while (time < limit && (time < end_ || in_flight_ > 0 || !backlog_.empty()) && !all_held()) {
            begin_due(time);
            const int count = poller_.wait(wait_time(time, limit));
            for (int number = 0; number < count; ++number) handle(poller_.event(number));
            time = now();
        }
        statistics_.unanswered = in_flight_ + backlog_.size() - held_streams();
        if (options_.hold)
            keep();
        std::puts(statistics_.json(static_cast<double>(now() - start_) / 1e9).c_str());
    }

  private:
    bool all_held() const { return options_.hold && held_ == options_.connections; }
    std::size_t held_streams() const { return options_.hold && options_.chunks > 0 ? held_ : 0; }

    // The first requests of a closed loop, all at once or spread.
    void open_all() {
        for (std::size_t number = 0; number < options_.connections; ++number) {
            pending_.push_back(start_ +
                               static_cast<std::int64_t>(options_.spread * 1e9 * static_cast<double>(number) /
                                                         static_cast<double>(options_.connections)));
        }
    }

    std::int64_t wait_time(std::int64_t time, std::int64_t limit) const {
        std::int64_t until = time < end_ ? end_ : limit;
        if (options_.rate > 0 && next_due_ < end_)
            until = std::min(until, next_due_);
        if (!pending_.empty())
            until = std::min(until, pending_.front());
        return std::max<std::int64_t>(0, until - time);
    }

    void begin_due(std::int64_t time) {
        // A connection takes a round trip to open; too many at once would overflow a listener's queue.
        for (int count = 0; !pending_.empty() && pending_.front() <= time && count < 64; ++count) {
            pending_.pop_front();
            ask(open(), time);
        }
        while (options_.rate > 0 && next_due_ <= time && next_due_ < end_) {
            if (idle_.empty() && connections_.size() < options_.connections)
                idle_.push_back(open());
            if (idle_.empty()) {
                backlog_.push_back(next_due_);
            } else {
                const int descriptor = idle_.back();
                idle_.pop_back();
                ask(descriptor, next_due_);
            }
            next_due_ += static_cast<std::int64_t>(pause_(random_) * 1e9 / options_.rate);
        }
    }

    int open() {
        auto connection = std::make_unique<Connection>();
        connection->descriptor = connect_to(options_.port);
        connection->number = statistics_.connections++;
        connection->out = request_;
        const int descriptor = connection->descriptor;
        poller_.add(descriptor, false);
        if (by_descriptor_.size() <= static_cast<std::size_t>(descriptor))
            by_descriptor_.resize(static_cast<std::size_t>(descriptor) + 1);
        by_descriptor_[static_cast<std::size_t>(descriptor)] = connection.get();
        connections_.push_back(std::move(connection));
        return descriptor;
    }

    void ask(int descriptor, std::int64_t due) {
        Connection& connection = *by_descriptor_[static_cast<std::size_t>(descriptor)];
        char* const marker = connection.out.data() + marker_at_;
        spell(marker + marker_begin.size(), connection.number, connection_letters);
        marker[marker_begin.size() + connection_letters] = '.';
        spell(marker + marker_begin.size() + connection_letters + 1, connection.asked++, request_letters);
        connection.sent = 0;
        connection.busy = true;
        connection.due = due;
        connection.reader.reset();
        connection.body.clear();
        connection.check.begin({marker, marker_size}, due, options_.chunks);
        ++in_flight_;
        write(connection);
    }

    void write(Connection& connection) {
        // Before a connection stands, a write says ENOTCONN or EAGAIN: it is tried again when it can be
        // written.
        if (!write_some(connection.descriptor, connection.out, connection.sent) && errno != ENOTCONN) {
            lose(connection, "a write failed");
            return;
        }
        const bool rest = connection.sent < connection.out.size();
        if (rest != connection.waits_for_output) {
            connection.waits_for_output = rest;
            poller_.change(connection.descriptor, rest);
        }
    }

    void handle(Poller::Event event) {
        Connection* connection = by_descriptor_[static_cast<std::size_t>(event.descriptor)];
        if (connection == nullptr)
            return;
        if (event.output && connection->busy)
            write(*connection);
        if (event.input && by_descriptor_[static_cast<std::size_t>(event.descriptor)] != nullptr)
            read(*connection);
    }

    void read(Connection& connection) {
        const ssize_t count = ::recv(connection.descriptor, buffer_.data(), buffer_.size(), 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (count <= 0) {
            lose(connection, connection.busy ? "a connection ended before its answer" : "");
            return;
        }
        const std::int64_t time = now();
        std::string_view data(buffer_.data(), static_cast<std::size_t>(count));
        data.remove_prefix(connection.reader.read(data, connection.body));
        if (connection.reader.failed() || !data.empty() || !connection.busy) {
            lose(connection, "an answer that cannot be understood: " + connection.reader.head());
            return;
        }
        connection.check.read(connection.body, time, statistics_);
        if (connection.reader.complete()) {
            finish(connection, time);
        } else if (options_.hold && !connection.held && options_.hold_chunks > 0 &&
                   connection.check.chunks_seen() >= options_.hold_chunks) {
            connection.held = true;
            ++held_;
        }
    }

    void finish(Connection& connection, std::int64_t time) {
        --in_flight_;
        connection.busy = false;
        if (connection.reader.status() != 200) {
            statistics_.wrong(statistics_.wrong_status, connection.reader.head() + connection.body);
        } else if (const std::string_view wrong = connection.check.verdict(connection.body); !wrong.empty()) {
            statistics_.wrong(statistics_.wrong_answer, std::string(wrong) + ": " + connection.body);
        } else {
            ++statistics_.requests;
            statistics_.latency.add(time - connection.due);
        }
        if (options_.hold) {
            connection.held = true;
            ++held_;
        } else if (connection.reader.closes()) {
            replace(connection, time);
        } else {
            go_on(connection.descriptor, time);
        }
    }

    // The next request on a connection that has its answer.
    void go_on(int descriptor, std::int64_t time) {
        if (!backlog_.empty()) {
            const std::int64_t due = backlog_.front();
            backlog_.pop_front();
            ask(descriptor, due);
        } else if (options_.rate > 0) {
            idle_.push_back(descriptor);
        } else if (time < end_) {
            ask(descriptor, time);
        }
    }

    void lose(Connection& connection, const std::string& why) {
        if (connection.busy) {
            --in_flight_;
            statistics_.wrong(statistics_.lost, why);
        }
        if (connection.held && held_ > 0)
            --held_;
        replace(connection, now());
    }

    void replace(Connection& connection, std::int64_t time) {
        const int descriptor = connection.descriptor;
        by_descriptor_[static_cast<std::size_t>(descriptor)] = nullptr;
        ::close(descriptor);
        std::erase(idle_, descriptor);
        const auto found = std::find_if(connections_.begin(), connections_.end(),
                                        [&](const auto& one) { return one.get() == &connection; });
        connections_.erase(found);
        if (time < end_ && options_.rate == 0 && !options_.hold)
            ask(open(), time);
    }

    void keep() {
        std::printf("held %zu\n", held_);
        std::fflush(stdout);
        while (std::getchar() != EOF) {
        }
    }

    const Options options_;
    const std::string request_;
    std::size_t marker_at_;
    std::string buffer_;
    Poller poller_;
    Statistics statistics_;
    std::vector<std::unique_ptr<Connection>> connections_;
    std::vector<Connection*> by_descriptor_;
    std::vector<int> idle_;             // the last used is used first
    std::deque<std::int64_t> backlog_;  // due times of requests that found no connection
    std::deque<std::int64_t> pending_;  // when the first requests of a closed loop leave
    std::size_t in_flight_ = 0;
    std::size_t held_ = 0;
    std::int64_t start_ = 0, end_ = 0, next_due_ = 0;
    std::mt19937_64 random_{20261125};  // the same arrivals for everybody
    std::exponential_distribution<double> pause_{1.0};
};

}  // namespace

int main(int count, char** arguments) {
    Options options;
    CLI::App app("The load of the benchmarks");
    app.add_option("--port", options.port)->required();
    app.add_option("--request", options.request_file, "file with head and body")->required();
    app.add_option("--connections", options.connections);
    app.add_option("--seconds", options.seconds);
    app.add_option("--rate", options.rate, "open loop: requests a second");
    app.add_option("--chunks", options.chunks, "the answer is a stream of so many");
    app.add_option("--spread", options.spread, "seconds");
    app.add_option("--wait", options.wait, "seconds for the last answers");
    app.add_option("--hold-chunks", options.hold_chunks);
    app.add_flag("--hold", options.hold, "keep the connections until standard input ends");
    CLI11_PARSE(app, count, arguments);
    std::ifstream file(options.request_file, std::ios::binary);
    std::string request{std::istreambuf_iterator<char>(file), {}};
    raise_descriptors();
    sharpen_timers();
    Load(std::move(options), std::move(request)).run();
    return 0;
}
