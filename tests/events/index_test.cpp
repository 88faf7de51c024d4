#include "records.h"

#include <tidegate/events/index.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>

#include <gtest/gtest.h>

namespace tidegate::events {
namespace {

using namespace std::chrono_literals;

LogRecord indexed(const CallRecord& record, RecordPosition position) {
    return log_record(record, position);
}

class IndexTest : public testing::Test {
  protected:
    void SetUp() override { open(); }

    std::optional<Cursor> open() {
        const Result<std::optional<Cursor>> cursor = sink_->open();
        EXPECT_TRUE(cursor) << cursor.error().text();
        return cursor ? *cursor : std::nullopt;
    }
    void deliver(const std::vector<CallRecord>& records) {
        std::vector<LogRecord> batch;
        for (const CallRecord& record : records) {
            batch.push_back(indexed(record, {next_, static_cast<std::uint32_t>(batch.size())}));
        }
        next_.offset += 1000;
        const Result<> done = sink_->deliver(batch, next_);
        ASSERT_TRUE(done) << done.error().text();
    }
    std::vector<CallId> list(const IndexFilter& filter) {
        const Result<std::vector<IndexRow>> rows = query_.list(filter);
        EXPECT_TRUE(rows) << rows.error().text();
        std::vector<CallId> found;
        for (const IndexRow& row : *rows) found.push_back(row.id);
        return found;
    }
    std::set<std::string> files() const {
        std::set<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
            if (!entry.path().string().ends_with("-wal") && !entry.path().string().ends_with("-shm")) {
                names.insert(entry.path().filename().string());
            }
        }
        return names;
    }

    TemporaryFolder folder_;
    std::uint64_t oldest_segment_ = 0;
    std::unique_ptr<IndexSink> sink_ =
        std::make_unique<IndexSink>(folder_.path(), [this] { return oldest_segment_; });
    IndexQuery query_{folder_.path()};
    Cursor next_{1, 32};
};

TEST_F(IndexTest, FindsACallWithAllItsFields) {
    const CallRecord record = full_record();
    deliver({small_record(kNovember), record});
    const Result<IndexRow> row = query_.find(record.id);
    ASSERT_TRUE(row) << row.error().text();
    EXPECT_EQ(row->id, record.id);
    EXPECT_EQ(row->feature, record.feature);
    EXPECT_EQ(row->variant, record.variant);
    EXPECT_EQ(row->user, record.user);
    EXPECT_EQ(row->conversation, record.conversation);
    EXPECT_EQ(row->key, record.key);
    EXPECT_EQ(row->model, record.model);
    EXPECT_EQ(row->outcome, record.outcome);
    EXPECT_EQ(row->status, record.status);
    EXPECT_EQ(row->fallback_entry, record.fallback_entry);
    EXPECT_EQ(row->total, record.total);
    EXPECT_EQ(row->input_tokens, record.usage.prompt_total());
    EXPECT_EQ(row->output_tokens, record.usage.completion_total());
    EXPECT_EQ(row->cost, record.cost);
    EXPECT_EQ(row->position, (RecordPosition{{1, 32}, 1}));
    EXPECT_EQ(query_.find(CallId::make(kNovember)).error().kind, ErrorKind::not_found);
}

TEST_F(IndexTest, AnEmptyIndexFindsNothing) {
    EXPECT_EQ(query_.find(CallId::make(kNovember)).error().kind, ErrorKind::not_found);
    EXPECT_TRUE(list({}).empty());
    IndexQuery nowhere(folder_ / "no such folder");
    EXPECT_TRUE(nowhere.list({})->empty());
}

TEST_F(IndexTest, TheSameCallTwiceIsOneRow) {
    const CallRecord record = small_record(kNovember);
    deliver({record, record});
    deliver({record});
    EXPECT_EQ(list({}).size(), 1U);
    EXPECT_EQ(query_.find(record.id)->position, (RecordPosition{{1, 32}, 0})) << "the first stays";
}

TEST_F(IndexTest, FiltersHoldTogetherAndListNewestFirst) {
    std::vector<CallRecord> all;
    for (int i = 0; i < 240; ++i) {
        CallRecord record = small_record(kNovember + std::chrono::seconds(i), i % 2 == 0 ? "a" : "b");
        record.user = i % 3 == 0 ? "" : "u" + std::to_string(i % 3);
        record.conversation = i % 4 == 0 ? "" : "c" + std::to_string(i % 4);
        record.outcome = i % 5 == 0 ? Outcome::timeout : Outcome::ok;
        record.status = i % 7 == 0 ? 504 : 200;
        all.push_back(record);
    }
    deliver(all);
    std::vector<IndexFilter> filters;
    for (const char* feature : {"", "a", "none"}) {
        for (const char* user : {"", "u1"}) {
            for (const char* conversation : {"", "c3"}) {
                for (const std::optional<Outcome> outcome :
                     {std::optional<Outcome>(), {Outcome::ok}, {Outcome::timeout}}) {
                    for (const std::optional<int> status : {std::optional<int>(), {200}, {504}}) {
                        IndexFilter& filter = filters.emplace_back();
                        filter.feature = feature;
                        filter.user = user;
                        filter.conversation = conversation;
                        filter.outcome = outcome;
                        filter.status = status;
                        filter.limit = 7;
                        filters.push_back(filter);
                        filters.back().since = kNovember + 20s;
                        filters.back().until = kNovember + 200s;
                        filters.back().limit = 1000;
                    }
                }
            }
        }
    }
    for (const IndexFilter& filter : filters) {
        std::vector<CallId> expected;
        for (auto record = all.rbegin(); record != all.rend() && expected.size() < filter.limit; ++record) {
            if (!filter.feature.empty() && record->feature != filter.feature)
                continue;
            if (!filter.user.empty() && record->user != filter.user)
                continue;
            if (!filter.conversation.empty() && record->conversation != filter.conversation)
                continue;
            if (filter.outcome && record->outcome != *filter.outcome)
                continue;
            if (filter.status && record->status != *filter.status)
                continue;
            if (filter.since && record->started < *filter.since)
                continue;
            if (filter.until && record->started >= *filter.until)
                continue;
            expected.push_back(record->id);
        }
        EXPECT_EQ(list(filter), expected) << filter.feature << ' ' << filter.user << ' ' << filter.conversation;
    }
}

TEST_F(IndexTest, PagesBeginWhereTheLastEnded) {
    std::vector<CallRecord> all;
    // Over the end of a month.
    for (int i = 0; i < 25; ++i)
        all.push_back(small_record(WallTime{std::chrono::sys_days{std::chrono::year{2026} / 12 / 1}} +
                                   std::chrono::seconds(i - 12)));
    deliver(all);
    EXPECT_EQ(files(), (std::set<std::string>{"calls-2026-11.db", "calls-2026-12.db"}));
    IndexFilter filter;
    filter.limit = 10;
    std::vector<CallId> paged;
    for (;;) {
        const std::vector<CallId> page = list(filter);
        if (page.empty())
            break;
        paged.insert(paged.end(), page.begin(), page.end());
        filter.before = page.back();
    }
    std::vector<CallId> expected;
    for (auto record = all.rbegin(); record != all.rend(); ++record) expected.push_back(record->id);
    EXPECT_EQ(paged, expected);
}

TEST_F(IndexTest, RemembersItsCursor) {
    EXPECT_EQ(open(), std::nullopt);
    deliver({small_record(kNovember)});
    EXPECT_EQ(open(), next_);
    // A late record of the month before does not take the cursor back with it.
    deliver({small_record(kNovember), small_record(kNovember - std::chrono::days(30))});
    EXPECT_EQ(open(), next_);
    deliver({small_record(kNovember - std::chrono::days(30))});
    EXPECT_EQ(open(), next_);
}

TEST_F(IndexTest, RecordsThatMakeNoSenseAreSkipped) {
    const CallRecord record = small_record(kNovember);
    const std::vector<LogRecord> batch = {
        log_record(CallId::make(kNovember), {{1, 32}, 0}, "{\"schema\":1,\"id\"}"),
        indexed(record, {{1, 32}, 1})};
    ASSERT_TRUE(sink_->deliver(batch, {1, 1000}));
    EXPECT_EQ(list({}), (std::vector<CallId>{record.id}));
}

TEST_F(IndexTest, RebuildForgetsAll) {
    deliver({small_record(kNovember)});
    ASSERT_TRUE(sink_->rebuild());
    EXPECT_TRUE(files().empty());
    EXPECT_EQ(open(), std::nullopt) << "everything is read again";
}

TEST_F(IndexTest, ADamagedFileIsMovedAsideAndAllIsReadAgain) {
    const CallRecord old = small_record(kNovember - std::chrono::days(40));
    const std::string path = folder_ / "calls-2026-11.db";
    deliver({old});
    deliver({small_record(kNovember)});
    EXPECT_EQ(list({}).size(), 2U);
    sink_.reset();  // lets go of the files
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path + suffix);
    write_file(path, "this is no database, though it once was one" + std::string(5000, '!'));
    EXPECT_FALSE(IndexSink(folder_.path()).open());
    IndexSink again(folder_.path());
    const Result<std::optional<Cursor>> cursor = again.open();
    ASSERT_TRUE(cursor) << cursor.error().text();
    EXPECT_EQ(cursor->value_or(Cursor{}), Cursor{});
    EXPECT_TRUE(files().contains("calls-2026-11.db.damaged"));
    EXPECT_TRUE(query_.find(old.id)) << "other months stay";
}

TEST_F(IndexTest, DamageFoundByAQueryIsRepaired) {
    std::vector<CallRecord> all;
    for (int i = 0; i < 2000; ++i) all.push_back(small_record(kNovember + std::chrono::milliseconds(i)));
    deliver(all);
    sink_.reset();
    const std::string path = folder_ / "calls-2026-11.db";
    std::string bytes = read_file(path);
    ASSERT_GT(bytes.size(), 100'000U);
    std::fill(bytes.begin() + 8192, bytes.end(), '\x5a');
    write_file(path, bytes);
    IndexQuery query(folder_.path());
    IndexFilter filter;
    filter.limit = 1000;
    EXPECT_FALSE(query.list(filter));
    IndexSink again(folder_.path());
    ASSERT_TRUE(again.open());
    EXPECT_TRUE(files().contains("calls-2026-11.db.damaged"));
    EXPECT_FALSE(files().contains("calls-2026-11.db"));
    EXPECT_TRUE(query.list(filter)->empty());
}

TEST_F(IndexTest, MonthsWithoutRecordsInTheLogAreRemoved) {
    for (int month = 4; month >= 0; --month) {
        deliver({small_record(kNovember - std::chrono::days(30 * month))});
        ++next_.segment;
    }
    EXPECT_EQ(files().size(), 5U);
    oldest_segment_ = 3;  // two months are gone
    deliver({small_record(kNovember)});
    EXPECT_EQ(files().size(), 3U);
    oldest_segment_ = 100;
    deliver({small_record(kNovember)});
    EXPECT_EQ(files().size(), 2U) << "the last two stay";
}

// A million rows take half a minute to make: only when asked for.
TEST_F(IndexTest, AnswersWithinASecondAtAMillionRecords) {
    const char* soak = std::getenv("TIDEGATE_SOAK");
    const int count = soak != nullptr ? 1'000'000 : 20'000;
    std::vector<CallRecord> batch;
    CallId middle;
    for (int i = 0; i < count; ++i) {
        CallRecord record = small_record(kNovember + std::chrono::milliseconds(i), "f" + std::to_string(i % 5));
        record.user = "user-" + std::to_string(i % 10'000);
        record.conversation = "c-" + std::to_string(i / 5);
        record.outcome = i % 50 == 0 ? Outcome::timeout : Outcome::ok;
        record.status = i % 50 == 0 ? 504 : 200;
        if (i == count / 2)
            middle = record.id;
        batch.push_back(std::move(record));
        if (batch.size() == 2000)
            deliver(std::exchange(batch, {}));
    }
    std::vector<IndexFilter> filters(12);
    filters[1].feature = "f3";
    filters[2].user = "user-77";
    filters[3].conversation = "c-1000";
    filters[4].outcome = Outcome::timeout;
    filters[5].status = 504;
    filters[6].since = kNovember + std::chrono::milliseconds(count / 2);
    filters[6].until = *filters[6].since + 100ms;
    filters[7].user = "user-77";
    filters[7].feature = "f3";
    filters[8].feature = "f1";
    filters[8].outcome = Outcome::timeout;  // none: the worst case
    filters[9].feature = "none";
    filters[10].status = 404;
    filters[11].feature = "f0";
    filters[11].status = 403;
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(query_.find(middle));
    for (std::size_t i = 0; i < filters.size(); ++i) {
        const auto begin = std::chrono::steady_clock::now();
        const std::vector<CallId> found = list(filters[i]);
        const bool none = i >= 7;
        EXPECT_EQ(found.empty(), none) << i;
        if (soak != nullptr) {
            std::printf("filter %zu: %ld us\n", i,
                        static_cast<long>((std::chrono::steady_clock::now() - begin) / 1us));
        }
    }
    if (soak != nullptr)
        EXPECT_LT(std::chrono::steady_clock::now() - start, 1s * 12);
}

}  // namespace
}  // namespace tidegate::events
