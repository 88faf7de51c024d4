// What a log does with the files that a crash, or a bad disk, left behind.
#include "records.h"

#include <csignal>
#include <random>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tidegate::events {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kHeader = 32;

class RecoveryTest : public testing::Test {
  protected:
    // Writes `count` groups of one record each, and remembers where each begins.
    void fill(int count) {
        const auto log = open_log(log_options(source_.path()), clock_);
        for (int i = 0; i < count; ++i) {
            clock_.advance(1ms);
            const CallRecord record = small_record(clock_.wall());
            sent_.push_back(record.id);
            begins_.push_back(log->synced().offset);
            append_and_wait(*log, record);
        }
        bytes_ = read_file(log->segment_path(1));
    }
    // A log that finds `bytes` as its only segment.
    std::unique_ptr<Log> open_with(const std::string& bytes) {
        folder_ = std::make_unique<TemporaryFolder>();
        write_file(*folder_ / "000000000001.log", bytes);
        return open_log(log_options(folder_->path()), clock_);
    }
    std::vector<CallId> first(std::size_t count) const {
        return {sent_.begin(), sent_.begin() + static_cast<long>(count)};
    }

    TemporaryFolder source_;
    std::unique_ptr<TemporaryFolder> folder_;
    ManualClock clock_{kNovember};
    std::vector<CallId> sent_;
    std::vector<std::size_t> begins_;
    std::string bytes_;
};

TEST_F(RecoveryTest, ATailTornAtAnyByteIsCut) {
    fill(3);
    for (std::size_t length = begins_[2]; length < bytes_.size(); ++length) {
        const auto log = open_with(bytes_.substr(0, length));
        ASSERT_EQ(ids(read_all(*log)), first(2)) << length;
        ASSERT_EQ(log->stats().lost, 0U) << "a torn tail is no loss: it was never acknowledged";
        ASSERT_EQ(read_file(*folder_ / "000000000001.log").size(), begins_[2]) << length;
    }
    EXPECT_EQ(ids(read_all(*open_with(bytes_))), sent_);
}

TEST_F(RecoveryTest, ATailOfGarbageIsCut) {
    fill(2);
    for (const std::string& tail :
         {std::string(1, '\0'), std::string(5000, '\0'), bytes_.substr(begins_[1], 30),
          std::string(100, '\xf1'), bytes_.substr(begins_[1])}) {
        const auto log = open_with(bytes_ + tail);
        EXPECT_EQ(ids(read_all(*log)), sent_);
        EXPECT_EQ(log->stats().lost, 0U);
    }
}

TEST_F(RecoveryTest, ACutSegmentIsNotAppendedToAndReadsCleanEverAfter) {
    fill(3);
    auto log = open_with(bytes_.substr(0, bytes_.size() - 1));
    const CallRecord record = small_record(clock_.wall());
    append_and_wait(*log, record);
    log.reset();
    log = open_log(log_options(folder_->path()), clock_);
    std::vector<CallId> expected = first(2);
    expected.push_back(record.id);
    EXPECT_EQ(ids(read_all(*log)), expected);
    EXPECT_EQ(log->stats().lost, 0U);
    EXPECT_EQ(read_file(*folder_ / "000000000001.log"), bytes_.substr(0, begins_[2]));
}

TEST_F(RecoveryTest, AFlippedBitAnywhereElseLosesThatGroupAloneAndIsCounted) {
    fill(3);
    const std::vector<CallId> others = {sent_[0], sent_[2]};
    for (std::size_t at = begins_[1]; at < begins_[2]; ++at) {
        std::string damaged = bytes_;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
        const auto log = open_with(damaged);
        ASSERT_EQ(ids(read_all(*log)), others) << at;
        ASSERT_EQ(read_all(*log).size(), 2U);
        ASSERT_EQ(log->stats().lost, 1U) << "counted once, however often it is read: " << at;
    }
}

TEST_F(RecoveryTest, DamageInTheContentsLeavesTheHeads) {
    const auto log = open_log(log_options(source_.path()), clock_);
    const CallRecord record = full_record(clock_.wall());
    append_and_wait(*log, record);
    std::string bytes = read_file(log->segment_path(1));
    bytes.back() = static_cast<char>(bytes.back() ^ 1);  // the contents end the group
    write_file(log->segment_path(1), bytes);

    LogReader reader(*log);
    Cursor cursor;
    std::vector<LogRecord> heads;
    ASSERT_TRUE(reader.read(cursor, heads, {.content = false}));
    EXPECT_EQ(ids(heads), (std::vector<CallId>{record.id}));
    EXPECT_EQ(log->stats().lost, 0U) << "not noticed by who does not look";
    EXPECT_TRUE(read_all(*log).empty());
    EXPECT_EQ(log->stats().lost, 1U);
}

TEST_F(RecoveryTest, AHoleInAnOlderSegmentIsCounted) {
    fill(3);
    open_with(bytes_);
    append_and_wait(*open_log(log_options(folder_->path()), clock_), small_record(clock_.wall()));
    // Even its last group, which might pass for a torn tail in the last segment.
    write_file(*folder_ / "000000000001.log", bytes_.substr(0, bytes_.size() - 1));
    const auto log = open_log(log_options(folder_->path()), clock_);
    EXPECT_EQ(read_all(*log).size(), 3U);
    EXPECT_EQ(log->stats().lost, 1U);
}

TEST_F(RecoveryTest, ADamagedSegmentHeaderLosesNothing) {
    fill(2);
    std::string damaged = bytes_;
    std::fill_n(damaged.begin(), kHeader, '\0');
    EXPECT_EQ(ids(read_all(*open_with(damaged))), sent_);
}

TEST_F(RecoveryTest, FilesWithoutAnyGroupAreRemoved) {
    fill(1);
    for (const std::string& bytes :
         {std::string(), bytes_.substr(0, 10), bytes_.substr(0, kHeader), std::string(4096, 'x')}) {
        const auto log = open_with(bytes);
        EXPECT_TRUE(read_all(*log).empty());
        EXPECT_EQ(log->stats().segments, 1U);
        EXPECT_EQ(log->synced().segment, 2U);
    }
}

TEST_F(RecoveryTest, ASegmentThatSomebodyRemovedIsCounted) {
    fill(2);
    auto log = open_with(bytes_);
    const CallRecord record = small_record(clock_.wall());
    append_and_wait(*log, record);
    std::filesystem::remove(log->segment_path(1));
    EXPECT_EQ(ids(read_all(*log)), (std::vector<CallId>{record.id}));
    EXPECT_EQ(log->stats().lost, 1U);
}

TEST_F(RecoveryTest, OtherFilesAreLeftAlone) {
    fill(1);
    const auto log = open_with(bytes_);
    write_file(*folder_ / "notes.log", "mine");
    write_file(*folder_ / "00000000000x.log", "mine");
    EXPECT_EQ(read_all(*log).size(), 1U);
}

TEST_F(RecoveryTest, ACursorBeyondTheEndStartsAgain) {
    fill(2);
    const auto log = open_with(bytes_);
    EXPECT_EQ(ids(read_all(*log, {77, 5})), sent_);
    EXPECT_EQ(ids(read_all(*log, {1, begins_[1]})), (std::vector<CallId>{sent_[1]}));
    EXPECT_TRUE(read_all(*log, {1, bytes_.size() + 100}).empty());
}

// The other side of a fork: appends until it is killed, and reports each record that it was told is durable.
[[noreturn]] void append_until_killed(const LogOptions& options, int report) {
    const SystemClock clock;
    Result<std::unique_ptr<Log>> log = Log::open(options, clock);
    if (!log)
        ::_exit(1);
    for (;;) {
        while (!(*log)->has_room()) ::usleep(100);
        CallRecord record = small_record(clock.wall());
        record.request.append(std::string(record.id.bytes()[15] * 20U, 'x'));
        const CallId id = record.id;
        (*log)->append(std::make_unique<CallRecord>(std::move(record)), [report, id](bool durable) {
            if (durable && ::write(report, id.bytes().data(), 16) != 16)
                ::_exit(1);
        });
    }
}

// Kills a process that appends after it has acknowledged some records; what it had acknowledged.
std::vector<CallId> run_and_kill(const LogOptions& options, std::size_t after) {
    int pipe[2];
    EXPECT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(pipe[0]);
        append_until_killed(options, pipe[1]);
    }
    ::close(pipe[1]);
    std::vector<CallId> acknowledged;
    std::array<std::uint8_t, 16> id{};
    while (::read(pipe[0], id.data(), id.size()) == 16) {
        acknowledged.push_back(CallId::from_bytes(id));
        if (acknowledged.size() == after)
            ::kill(child, SIGKILL);
    }
    ::close(pipe[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
    return acknowledged;
}

TEST(KillTest, EverythingAcknowledgedIsThereAfterKill9) {
    std::mt19937 random(testing::UnitTest::GetInstance()->random_seed());
    const TemporaryFolder folder;
    const SystemClock clock;
    std::vector<CallId> acknowledged;
    for (int round = 0; round < 20; ++round) {
        LogOptions options = log_options(folder.path());
        options.durability = round % 2 == 0 ? Durability::strict : Durability::relaxed;
        options.segment_bytes = 200'000;
        options.queue_records = 50;
        const std::size_t after = 1 + random() % 400;
        const std::vector<CallId> more = run_and_kill(options, after);
        ASSERT_GE(more.size(), after);
        acknowledged.insert(acknowledged.end(), more.begin(), more.end());

        const auto log = open_log(options, clock);
        ASSERT_NE(log, nullptr);
        std::vector<CallId> found = ids(read_all(*log));
        std::sort(found.begin(), found.end());
        ASSERT_EQ(std::adjacent_find(found.begin(), found.end()), found.end()) << "nothing twice";
        for (const CallId& id : acknowledged) {
            ASSERT_TRUE(std::binary_search(found.begin(), found.end(), id)) << "lost in round " << round;
        }
        ASSERT_EQ(log->stats().lost, 0U);
    }
}

TEST(KillTest, TheLockGoesWithItsOwner) {
    const TemporaryFolder folder;
    const LogOptions options = log_options(folder.path());
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const SystemClock clock;
        const Result<std::unique_ptr<Log>> log = Log::open(options, clock);
        (void)!::write(ready[1], log ? "y" : "n", 1);
        for (;;) ::pause();
    }
    char answer = 0;
    ASSERT_EQ(::read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    const SystemClock clock;
    const Result<std::unique_ptr<Log>> refused = Log::open(options, clock);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find(std::to_string(child)), std::string::npos)
        << refused.error().message;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(Log::open(options, clock));
    ::close(ready[0]);
    ::close(ready[1]);
}

}  // namespace
}  // namespace tidegate::events
