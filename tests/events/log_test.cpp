#include "events/segment.h"
#include "records.h"

#include <tidegate/events/log.h>

#include <atomic>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>

namespace tidegate::events {
namespace {

using namespace std::chrono_literals;

class LogTest : public testing::Test {
  protected:
    CallRecord next() {
        clock_.advance(1ms);
        return small_record(clock_.wall());
    }

    TemporaryFolder folder_;
    ManualClock clock_{kNovember};
};

TEST_F(LogTest, GivesBackWhatWasAppendedInOrder) {
    const auto log = open_log(log_options(folder_.path()), clock_);
    std::vector<CallId> sent;
    for (int i = 0; i < 20; ++i) {
        const CallRecord record = i == 7 ? full_record(clock_.wall()) : next();
        sent.push_back(record.id);
        append_and_wait(*log, record);
    }
    const std::vector<LogRecord> all = read_all(*log);
    EXPECT_EQ(ids(all), sent);
    LogReader reader(*log);
    for (const LogRecord& record : all) {
        const Result<LogRecord> one = reader.read_at(record.position);
        ASSERT_TRUE(one) << one.error().text();
        EXPECT_EQ(one->json(), record.json());
        EXPECT_EQ(decode(one->head)->id, record.id);
    }
}

TEST_F(LogTest, GroupsRecordsThatComeTogether) {
    LogOptions options = log_options(folder_.path());
    options.group_interval = 50ms;
    const auto log = open_log(options, clock_);
    for (int i = 0; i < 100; ++i) log->append(std::make_unique<CallRecord>(next()));
    log->close();
    const std::vector<LogRecord> all = read_all(*log);
    ASSERT_EQ(all.size(), 100U);
    EXPECT_LE(all.back().position.group.offset - all.front().position.group.offset, 40'000U);
    EXPECT_GT(all.back().position.ordinal, 10U);
}

TEST_F(LogTest, CloseWritesAllAndRefusesMore) {
    const auto log = open_log(log_options(folder_.path()), clock_);
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(log->append(std::make_unique<CallRecord>(next())));
    log->close();
    EXPECT_FALSE(log->append(std::make_unique<CallRecord>(next())));
    EXPECT_EQ(log->stats().synced, 1000U);
    EXPECT_EQ(log->stats().queued, 0U);
    EXPECT_EQ(log->stats().queued_bytes, 0U);
    EXPECT_EQ(read_all(*log).size(), 1000U);
}

TEST_F(LogTest, ARestartBeginsANewSegmentAndKeepsTheOld) {
    std::vector<CallId> sent;
    for (int start = 0; start < 3; ++start) {
        const auto log = open_log(log_options(folder_.path()), clock_);
        for (int i = 0; i < 3; ++i) {
            const CallRecord record = next();
            sent.push_back(record.id);
            append_and_wait(*log, record);
        }
        EXPECT_EQ(log->synced().segment, static_cast<std::uint64_t>(start) + 1);
        EXPECT_EQ(ids(read_all(*log)), sent);
        EXPECT_EQ(log->stats().lost, 0U);
    }
}

TEST_F(LogTest, IdleRestartsLeaveNoFilesBehind) {
    for (int start = 0; start < 5; ++start) open_log(log_options(folder_.path()), clock_);
    const auto log = open_log(log_options(folder_.path()), clock_);
    EXPECT_EQ(log->stats().segments, 1U);
    EXPECT_EQ(log->synced().segment, 6U) << "numbers are never used twice";
}

TEST_F(LogTest, BeginsANewSegmentWhenOneIsFull) {
    LogOptions options = log_options(folder_.path());
    options.segment_bytes = 2000;
    const auto log = open_log(options, clock_);
    for (int i = 0; i < 30; ++i) append_and_wait(*log, next());
    EXPECT_GT(log->stats().segments, 4U);
    EXPECT_EQ(read_all(*log).size(), 30U);
}

TEST_F(LogTest, TheDirectoryHasOneOwner) {
    const auto log = open_log(log_options(folder_.path()), clock_);
    const Result<std::unique_ptr<Log>> second = Log::open(log_options(folder_.path()), clock_);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::conflict);
    EXPECT_NE(second.error().message.find("in use by another process (" + std::to_string(::getpid()) + ")"),
              std::string::npos)
        << second.error().message;
}

TEST_F(LogTest, SaysWhatIsWrongWithTheDirectory) {
    write_file(folder_ / "file", "");
    const Result<std::unique_ptr<Log>> log = Log::open(log_options(folder_ / "file/calls"), clock_);
    ASSERT_FALSE(log);
    EXPECT_NE(log.error().text().find("file/calls"), std::string::npos) << log.error().text();
}

TEST_F(LogTest, LeavesContentOutWhenTold) {
    LogOptions options = log_options(folder_.path());
    options.content = false;
    const auto log = open_log(options, clock_);
    append_and_wait(*log, full_record(clock_.wall()));
    const std::vector<LogRecord> all = read_all(*log);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].json().find("content"), std::string::npos) << all[0].json();
}

TEST_F(LogTest, ReadsRecordsWithoutTheirContentOnRequest) {
    const auto log = open_log(log_options(folder_.path()), clock_);
    for (int i = 0; i < 3; ++i) append_and_wait(*log, full_record(clock_.wall()));
    LogReader reader(*log);
    Cursor cursor;
    std::vector<LogRecord> heads;
    ASSERT_TRUE(reader.read(cursor, heads, {.content = false}));
    ASSERT_EQ(heads.size(), 3U);
    EXPECT_EQ(cursor, log->synced());
    CallRecord expected = full_record(clock_.wall());
    for (const LogRecord& record : heads) {
        EXPECT_TRUE(record.content.empty());
        EXPECT_EQ(record.json(), record.head);
        EXPECT_EQ(record.head.find("We open at 9."), std::string::npos);
    }
    const std::vector<LogRecord> whole = read_all(*log);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(whole[i].head, heads[i].head);
        expected.id = whole[i].id;
        EXPECT_EQ(*decode(whole[i].json()), expected) << "each record has its own content";
    }
}

TEST_F(LogTest, LeavesOutContentThatNoReaderWouldTake) {
    const auto log = open_log(log_options(folder_.path()), clock_);
    CallRecord record = full_record(clock_.wall());
    record.request = Content(64 << 20);
    record.request.append(std::string(33 << 20, 'x'));
    append_and_wait(*log, record);
    append_and_wait(*log, full_record(clock_.wall()));
    const std::vector<LogRecord> all = read_all(*log);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].json(), encode(record, false));
    EXPECT_FALSE(all[1].content.empty());
}

TEST_F(LogTest, RefusesAFolderOfAnotherVersion) {
    const std::string bytes = segment_header(3, kNovember, 1) + "groups of another form";
    write_file(folder_ / segment_name(3), bytes);
    const Result<std::unique_ptr<Log>> log = Log::open(log_options(folder_.path()), clock_);
    ASSERT_FALSE(log);
    EXPECT_NE(log.error().message.find("000000000003.log was written in version 1 of the log's format, this "
                                       "program has version 2: move records.directory away"),
              std::string::npos)
        << log.error().message;
    EXPECT_EQ(read_file(folder_ / segment_name(3)), bytes) << "left as it is";
}

TEST_F(LogTest, TakesRecordsLargerThanAGroup) {
    LogOptions options = log_options(folder_.path());
    options.group_bytes = 1000;
    const auto log = open_log(options, clock_);
    for (int i = 0; i < 3; ++i) {
        CallRecord record = next();
        record.request.append(std::string(300'000, static_cast<char>('a' + i)));
        log->append(std::make_unique<CallRecord>(std::move(record)));
        log->append(std::make_unique<CallRecord>(next()));
    }
    log->close();
    EXPECT_EQ(read_all(*log).size(), 6U);
}

TEST_F(LogTest, TakesRecordsFromManyThreads) {
    const auto log = open_log(log_options(folder_.path()), clock_);
    std::atomic<int> durable{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 500; ++i) {
                log->append(std::make_unique<CallRecord>(small_record(clock_.wall())),
                            [&](bool done) { durable += done ? 1 : 0; });
                (void)log->has_room();
                (void)log->stats();
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    log->close();
    EXPECT_EQ(durable, 4000);
    EXPECT_EQ(read_all(*log).size(), 4000U);
}

TEST_F(LogTest, WaitersSeeProgressAndAreInterrupted) {
    const auto log = open_log(log_options(folder_.path()), clock_);
    const Cursor start = log->synced();
    std::thread appender([&] { log->append(std::make_unique<CallRecord>(next())); });
    EXPECT_GT(log->wait_synced(start, 60s), start);
    appender.join();
    std::thread interrupter([&] { log->interrupt_waiters(); });
    EXPECT_EQ(log->wait_synced({99, 0}, 60s), log->synced());
    interrupter.join();
}

// Lets every write to a file fail, as a full disk does, until it goes out of scope.
class NoSpace {
  public:
    NoSpace() {
        old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &old_);
        const rlimit none{0, old_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &none);
    }
    ~NoSpace() {
        ::setrlimit(RLIMIT_FSIZE, &old_);
        std::signal(SIGXFSZ, old_handler_);
    }
    NoSpace(const NoSpace&) = delete;
    NoSpace& operator=(const NoSpace&) = delete;

  private:
    rlimit old_{};
    void (*old_handler_)(int) = nullptr;
};

void wait_until_failed(const Log& log) {
    while (!log.stats().failed) std::this_thread::yield();
}

TEST_F(LogTest, KeepsRecordsWhileTheDiskRefusesAndWritesThemLater) {
    LogOptions options = log_options(folder_.path());
    options.queue_records = 10;
    const auto log = open_log(options, clock_);
    append_and_wait(*log, next());
    std::atomic<int> durable{0};
    {
        const NoSpace full;
        for (int i = 0; i < 10; ++i) {
            EXPECT_TRUE(log->has_room()) << i;
            EXPECT_EQ(log->has_ample_room(), i < 5) << i;
            EXPECT_TRUE(
                log->append(std::make_unique<CallRecord>(next()), [&](bool done) { durable += done ? 1 : 0; }));
        }
        EXPECT_FALSE(log->has_room()) << "new calls are turned away";
        EXPECT_TRUE(log->append(std::make_unique<CallRecord>(next()))) << "calls that began are not dropped";
        wait_until_failed(*log);
        EXPECT_FALSE(log->stats().failure.empty());
        EXPECT_EQ(durable, 0);
    }
    log->close();
    EXPECT_EQ(durable, 10);
    EXPECT_TRUE(log->has_room());
    EXPECT_FALSE(log->stats().failed);
    EXPECT_EQ(read_all(*log).size(), 12U);
    EXPECT_EQ(log->stats().lost, 0U);
}

TEST_F(LogTest, AfterADiskErrorTheOldSegmentReadsCleanAfterARestart) {
    std::vector<CallId> sent;
    {
        const auto log = open_log(log_options(folder_.path()), clock_);
        for (int i = 0; i < 5; ++i) {
            const CallRecord record = next();
            sent.push_back(record.id);
            if (i % 2 == 0) {
                append_and_wait(*log, record);
                continue;
            }
            const NoSpace full;
            log->append(std::make_unique<CallRecord>(record));
            wait_until_failed(*log);
        }
    }
    const auto log = open_log(log_options(folder_.path()), clock_);
    EXPECT_EQ(ids(read_all(*log)), sent);
    EXPECT_EQ(log->stats().lost, 0U);
}

TEST_F(LogTest, GivesUpAtTheEndAndSaysSo) {
    const auto log = open_log(log_options(folder_.path()), clock_);
    std::atomic<int> refused{0};
    const NoSpace full;
    for (int i = 0; i < 3; ++i) {
        log->append(std::make_unique<CallRecord>(next()), [&](bool done) { refused += done ? 0 : 1; });
    }
    wait_until_failed(*log);
    log->close(10ms);
    EXPECT_EQ(refused, 3) << "each callback runs, whatever happens";
    EXPECT_EQ(log->stats().lost, 3U);
}

TEST_F(LogTest, AgeDropsWholeSegmentsThatAllHavePassed) {
    LogOptions options = log_options(folder_.path());
    options.segment_bytes = 1;  // one group each
    options.keep = 24h;
    const auto log = open_log(options, clock_);
    append_and_wait(*log, next());
    clock_.advance(23h);
    append_and_wait(*log, next());
    append_and_wait(*log, next());
    clock_.advance(2h);
    const Cursor first = log->oldest();
    log->apply_retention(first);
    EXPECT_EQ(log->stats().segments, 3U) << "a sink has yet to read it";
    log->apply_retention(log->synced());
    EXPECT_EQ(log->stats().segments, 2U);
    EXPECT_EQ(read_all(*log, first).size(), 2U);
    LogReader reader(*log);
    const Result<LogRecord> gone = reader.read_at({first, 0});
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().kind, ErrorKind::not_found);
    clock_.advance(1000h);
    log->apply_retention(log->synced());
    EXPECT_EQ(log->stats().segments, 1U) << "the current one stays";
}

TEST_F(LogTest, ASinkAtTheEndOfASegmentHasPassedIt) {
    LogOptions options = log_options(folder_.path());
    options.keep = 24h;
    Cursor end;
    {
        const auto log = open_log(options, clock_);
        append_and_wait(*log, next());
        end = log->synced();
    }
    const auto log = open_log(options, clock_);
    clock_.advance(24h * 365 * 20);
    log->apply_retention(end);
    EXPECT_EQ(log->stats().segments, 1U);
}

TEST_F(LogTest, SizeDropsTheOldestAndCountsWhatIsHeldBack) {
    LogOptions options = log_options(folder_.path());
    options.segment_bytes = 1;
    options.keep_bytes = 1500;
    const auto log = open_log(options, clock_);
    for (int i = 0; i < 20; ++i) append_and_wait(*log, next());
    log->apply_retention({});
    EXPECT_EQ(log->stats().segments, 20U);
    EXPECT_EQ(log->stats().held_back, log->stats().bytes - 1500);
    log->apply_retention(log->synced());
    EXPECT_LE(log->stats().bytes, 1500U);
    EXPECT_GE(log->stats().segments, 2U);
    EXPECT_EQ(log->stats().held_back, 0U);
}

}  // namespace
}  // namespace tidegate::events
