#include "pipeline/follow.h"

#include "pipeline/cached_answer.h"
#include "pipeline/client_stream.h"

#include <tidegate/dialect/error.h>
#include <tidegate/http/response_writer.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>

namespace tidegate::pipeline {
namespace {

using State = cache::Follower::State;

class Following {
  public:
    Following(Exchange& exchange, cache::Follower& follower)
        : exchange_(exchange),
          follower_(follower),
          stream_(exchange),
          deadline_(exchange.received + exchange.feature->total) {}

    async::Task<bool> run() {
        for (;;) {
            cache::Follower::News news = follower_.take();
            if (news.state == State::landed) {
                finish(news);
                co_return true;
            }
            if (news.state == State::failed && !exchange_.stream_begun)
                co_return false;
            if (news.state == State::failed) {
                exchange_.refuse(events::Outcome::upstream_error, 502, "upstream_unavailable",
                                 "The stream broke off: the call that it was shared with has ended.");
                co_return true;
            }
            if (!news.bytes.empty()) {
                const bool sent = co_await send(news.bytes);
                if (!sent)
                    co_return true;
            } else {
                co_await wait();
                if (is_over())
                    co_return true;
            }
        }
    }

  private:
    SteadyTime now() const { return exchange_.thread.io.clock().steady(); }

    // What another call waits for is waited for here as well.
    async::Task<void> wait() {
        const SteadyTime begun = now();
        co_await follower_.wait(deadline_, exchange_.writer.cancellation());
        exchange_.upstream_wait += now() - begun;
    }

    bool is_over() {
        const auto cancelled = exchange_.writer.cancellation().reason();
        if (cancelled == async::CancelReason::shutdown) {
            exchange_.refuse(events::Outcome::upstream_error, 503, "overloaded",
                             "The gateway is shutting down.", "retry-after: 1\r\n");
        } else if (cancelled) {
            exchange_.settle(events::Outcome::cancelled);
        } else if (now() >= deadline_) {
            exchange_.refuse(events::Outcome::timeout, 504, "upstream_timeout",
                             "The answer did not come in the time that the feature allows.");
        } else {
            return false;
        }
        return true;
    }

    async::Task<bool> send(const std::string& bytes) {
        if (!exchange_.stream_begun)
            begin();
        exchange_.answer_content.append(bytes);
        const auto sent = co_await stream_.write(bytes);
        if (!sent)
            exchange_.settle(events::Outcome::cancelled);
        co_return sent.has_value();
    }

    void begin() {
        name_origin(exchange_, follower_.origin());
        exchange_.cache.result = CacheResult::coalesced;
        exchange_.answer_content.format = dialect::to_string(exchange_.format);
        exchange_.answer_content.stream = true;
        exchange_.first_token = now() - exchange_.received;
        stream_.begin(cost_line(exchange_));
    }

    void finish(cache::Follower::News& news) {
        exchange_.cache.result = news.stored ? CacheResult::hit : CacheResult::coalesced;
        exchange_.settle(events::Outcome::cached);
        if (!exchange_.stream_begun && news.entry) {
            answer_with_entry(exchange_, *news.entry);
            return;
        }
        if (!exchange_.stream_begun)
            begin();
        if (news.entry) {
            name_origin(exchange_, news.entry->origin);
            exchange_.answered_model = news.entry->model;
            exchange_.finish_reason = news.entry->finish;
        }
        exchange_.answer_content.append(news.bytes);
        Outgoing last;
        last.body = std::move(news.bytes);
        exchange_.outgoing = std::move(last);
    }

    Exchange& exchange_;
    cache::Follower& follower_;
    ClientStream stream_;
    const SteadyTime deadline_;
};

}  // namespace

async::Task<bool> follow(Exchange& exchange, cache::Follower& follower) {
    Following following(exchange, follower);
    const bool answered = co_await following.run();
    co_return answered;
}

}  // namespace tidegate::pipeline
