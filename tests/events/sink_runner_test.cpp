#include "records.h"

#include <tidegate/events/sink_runner.h>

#include <thread>

#include <gtest/gtest.h>

namespace tidegate::events {
namespace {

using namespace std::chrono_literals;

// A destination that keeps what it was given, also over restarts, and can be away.
struct Destination {
    std::mutex mutex;
    std::vector<CallId> taken;
    std::optional<Cursor> cursor;
    bool away = false;
    int refused = 0;

    std::size_t count() {
        const std::lock_guard guard(mutex);
        return taken.size();
    }
    void wait_for(std::size_t records) {
        while (count() < records) std::this_thread::yield();
    }
    void wait_for_refusals(int times) {
        for (;;) {
            const std::lock_guard guard(mutex);
            if (refused >= times)
                return;
        }
    }
    void set_away(bool value) {
        const std::lock_guard guard(mutex);
        away = value;
    }
};

class FakeSink final : public Sink {
  public:
    FakeSink(Destination& destination, bool from_the_beginning)
        : destination_(destination), from_the_beginning_(from_the_beginning) {}
    const std::string& name() const override { return name_; }
    Result<std::optional<Cursor>> open() override {
        const std::lock_guard guard(destination_.mutex);
        return destination_.cursor;
    }
    bool from_the_beginning() const override { return from_the_beginning_; }
    Result<> deliver(std::span<const LogRecord> records, Cursor next) override {
        const std::lock_guard guard(destination_.mutex);
        if (destination_.away) {
            ++destination_.refused;
            return Error{ErrorKind::unavailable, ErrorSource::upstream, "away"};
        }
        for (const LogRecord& record : records) destination_.taken.push_back(record.id);
        destination_.cursor = next;
        return {};
    }

  private:
    const std::string name_ = "fake";
    Destination& destination_;
    const bool from_the_beginning_;
};

class SinkRunnerTest : public testing::Test {
  protected:
    std::unique_ptr<SinkRunner> run(bool from_the_beginning = false) {
        SinkRunnerOptions options;
        options.interval = 1ms;
        options.retry = 1ms;
        options.longest_retry = 2ms;
        options.batch.records = 3;
        return std::make_unique<SinkRunner>(*log_, std::make_unique<FakeSink>(there_, from_the_beginning),
                                            clock_, options);
    }
    void append(int count) {
        for (int i = 0; i < count; ++i) {
            clock_.advance(1ms);
            const CallRecord record = small_record(clock_.wall());
            sent_.push_back(record.id);
            append_and_wait(*log_, record);
        }
    }

    TemporaryFolder folder_;
    ManualClock clock_{kNovember};
    std::unique_ptr<Log> log_ = open_log(log_options(folder_.path()), clock_);
    Destination there_;
    std::vector<CallId> sent_;
};

TEST_F(SinkRunnerTest, CarriesEveryRecordInOrder) {
    const auto runner = run();
    append(30);
    there_.wait_for(30);
    runner->finish(60s);
    EXPECT_EQ(there_.taken, sent_);
    EXPECT_EQ(runner->stats().published, 30U);
    EXPECT_EQ(runner->stats().lag, 0s);
    EXPECT_EQ(runner->passed(), log_->synced());
}

TEST_F(SinkRunnerTest, ANewNameStartsAtTheEndUnlessItWantsAll) {
    append(5);
    run()->finish(60s);
    EXPECT_TRUE(there_.taken.empty());
    EXPECT_EQ(there_.cursor, log_->synced()) << "and remembers where that was";
    there_.cursor.reset();
    run(true)->finish(60s);
    EXPECT_EQ(there_.taken, sent_);
}

TEST_F(SinkRunnerTest, GoesOnWhereItStopped) {
    run()->finish(60s);
    append(5);
    run()->finish(60s);
    append(5);
    run()->finish(60s);
    EXPECT_EQ(there_.taken, sent_);
}

TEST_F(SinkRunnerTest, ASinkThatIsAwayCatchesUpAndHoldsTheLog) {
    const auto runner = run();
    append(2);
    while (runner->stats().published < 2) std::this_thread::yield();
    there_.set_away(true);
    const Cursor before = log_->synced();
    append(20);
    there_.wait_for_refusals(5);
    EXPECT_EQ(runner->passed(), before);
    EXPECT_TRUE(runner->stats().failed);
    EXPECT_NE(runner->stats().failure.find("away"), std::string::npos);
    clock_.advance(90s);
    EXPECT_GE(runner->stats().lag, 90s);
    there_.set_away(false);
    there_.wait_for(22);
    runner->finish(60s);
    EXPECT_EQ(there_.taken, sent_);
    EXPECT_FALSE(runner->stats().failed);
    EXPECT_EQ(runner->stats().lag, 0s);
}

TEST_F(SinkRunnerTest, ABatchThatIsJustFullAtTheEndLeavesNoLag) {
    append(3);  // as many as a batch takes
    const auto runner = run(true);
    there_.wait_for(3);
    runner->finish(60s);
    clock_.advance(90s);
    EXPECT_EQ(runner->stats().lag, 0s);
}

TEST_F(SinkRunnerTest, FinishingTakesTheRestButDoesNotWaitForOneThatIsAway) {
    const auto runner = run();
    append(1);
    there_.wait_for(1);
    there_.set_away(true);
    append(10);
    log_->close();
    runner->finish(0s);
    there_.set_away(false);
    run()->finish(60s);
    EXPECT_EQ(there_.taken, sent_);
}

TEST_F(SinkRunnerTest, OneFarBehindReadsSegmentAfterSegment) {
    log_.reset();
    LogOptions options = log_options(folder_.path());
    options.segment_bytes = 1;
    log_ = open_log(options, clock_);
    run()->finish(60s);
    append(40);
    log_ = nullptr;
    log_ = open_log(options, clock_);
    append(3);
    run()->finish(60s);
    EXPECT_EQ(there_.taken, sent_);
}

}  // namespace
}  // namespace tidegate::events
