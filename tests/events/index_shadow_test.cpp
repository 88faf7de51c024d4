#include "records.h"

#include <tidegate/events/index.h>

#include <gtest/gtest.h>

namespace tidegate::events {
namespace {

using namespace std::chrono_literals;

class ShadowIndexTest : public testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(sink_.open()); }

    void deliver(const std::vector<CallRecord>& records) {
        std::vector<LogRecord> batch;
        for (const CallRecord& record : records) {
            const RecordPosition position{next_, static_cast<std::uint32_t>(batch.size())};
            batch.push_back(log_record(record, position));
        }
        next_.offset += 1000;
        const Result<> done = sink_.deliver(batch, next_);
        ASSERT_TRUE(done) << done.error().text();
    }
    ShadowFigures figures(std::optional<WallTime> since = {}) {
        auto read = query_.shadow({"support-reply", "next", "beef", since});
        EXPECT_TRUE(read) << read.error().text();
        return read ? *read : ShadowFigures();
    }
    static CallRecord run(WallTime at, bool disagrees) {
        CallRecord record = shadow_record(at);
        record.shadow->disagrees = disagrees;
        return record;
    }
    static CallRecord noise(WallTime at, bool disagrees) {
        CallRecord record = run(at, disagrees);
        record.variant = "stable";
        record.shadow->role = ShadowRole::noise;
        record.shadow->variant_hash = "cafe";
        return record;
    }

    TemporaryFolder folder_;
    Cursor next_{1, 0};
    IndexSink sink_{folder_.path()};
    IndexQuery query_{folder_.path()};
};

TEST_F(ShadowIndexTest, KeepsRunsOutOfTheListsOfUsers) {
    const CallRecord call = small_record(kNovember);
    const CallRecord shadow = run(kNovember + 1s, false);
    deliver({call, shadow});
    auto rows = query_.list({});
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 1U);
    EXPECT_EQ(rows->front().id, call.id);
    IndexFilter runs;
    runs.feature = "support-reply";
    runs.shadow = true;
    rows = query_.list(runs);
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 1U);
    EXPECT_EQ(rows->front().id, shadow.id);
    EXPECT_EQ(rows->front().variant, "next");
}

TEST_F(ShadowIndexTest, FindsARunByItsId) {
    const CallRecord shadow = run(kNovember, true);
    deliver({shadow});
    const auto row = query_.find(shadow.id);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->cost, shadow.cost);
    EXPECT_EQ(row->position.group, (Cursor{1, 0}));
}

TEST_F(ShadowIndexTest, TakesARunOnce) {
    const CallRecord shadow = run(kNovember, true);
    deliver({shadow});
    deliver({shadow});
    EXPECT_EQ(figures().runs, 1U);
}

TEST_F(ShadowIndexTest, CountsPairsByWhatTheyAreComparedWith) {
    CallRecord small = run(kNovember, true);
    small.shadow->live.variant = "small";
    CallRecord baseline = run(kNovember, true);
    baseline.shadow->role = ShadowRole::baseline;
    baseline.shadow->live = {};
    deliver({run(kNovember, true), run(kNovember, false), small, baseline});
    const ShadowFigures all = figures();
    EXPECT_EQ(all.runs, 4U);
    EXPECT_EQ(all.pairs.compared, 4U);
    EXPECT_EQ(all.pairs.disagreed, 3U);
    EXPECT_EQ(all.by_live.at("stable").compared, 2U);
    EXPECT_EQ(all.by_live.at("stable").disagreed, 1U);
    EXPECT_EQ(all.by_live.at("small").disagreed, 1U);
    EXPECT_EQ(all.by_live.at("").disagreed, 1U);
    EXPECT_EQ(all.live.calls, 3U) << "a baseline has neither cost nor latency";
}

TEST_F(ShadowIndexTest, AddsUpBothSides) {
    deliver({run(kNovember, false), run(kNovember, false)});
    const ShadowFigures all = figures();
    EXPECT_EQ(all.candidate.tripped, 2U);
    EXPECT_EQ(all.candidate.cost.mean(), 123'000);
    EXPECT_EQ(all.candidate.latency, (std::vector<std::int64_t>{900'000, 900'000}));
    EXPECT_EQ(all.live.tripped, 2U);
    EXPECT_EQ(all.live.cost.mean(), 77'000);
    EXPECT_EQ(all.live.latency, (std::vector<std::int64_t>{700'000, 700'000}));
}

TEST_F(ShadowIndexTest, LeavesOutRunsThatSayNothing) {
    CallRecord unpaid = run(kNovember, false);
    unpaid.outcome = Outcome::rejected;
    unpaid.shadow->counts = false;
    unpaid.shadow->disagrees.reset();
    deliver({unpaid});
    const ShadowFigures all = figures();
    EXPECT_EQ(all.runs, 1U);
    EXPECT_EQ(all.failed, 0U);
    EXPECT_EQ(all.candidate.calls, 0U);
    EXPECT_EQ(all.pairs.compared, 0U);
}

TEST_F(ShadowIndexTest, TakesATimeoutForSlowAndAnErrorForNeither) {
    CallRecord late = run(kNovember, true);
    late.outcome = Outcome::timeout;
    CallRecord failed = run(kNovember, true);
    failed.outcome = Outcome::upstream_error;
    deliver({late, failed});
    const ShadowFigures all = figures();
    EXPECT_EQ(all.failed, 2U);
    EXPECT_EQ(all.candidate.latency.size(), 1U);
}

TEST_F(ShadowIndexTest, DoesNotMixContentsVariantsAndFeatures) {
    CallRecord older = run(kNovember, true);
    older.shadow->variant_hash = "dead";
    CallRecord other = run(kNovember, true);
    other.variant = "other";
    CallRecord foreign = run(kNovember, true);
    foreign.feature = "search";
    deliver({older, other, foreign, run(kNovember, false)});
    EXPECT_EQ(figures().runs, 1U);
}

TEST_F(ShadowIndexTest, TakesTheNoiseSinceTheCandidateBegan) {
    deliver({noise(kNovember - 1h, true), run(kNovember, false), noise(kNovember + 1s, false),
             noise(kNovember + 2s, true)});
    const ShadowFigures all = figures();
    EXPECT_EQ(all.noise.compared, 2U);
    EXPECT_EQ(all.noise.disagreed, 1U);
    EXPECT_EQ(all.noise_cost, 246'000);
    EXPECT_EQ(all.pairs.compared, 1U);
}

TEST_F(ShadowIndexTest, ReadsOverMonthsAndFromATimeOn) {
    deliver({run(kNovember, true), run(kNovember + 30 * 24h, false), noise(kNovember + 31 * 24h, false)});
    const ShadowFigures all = figures();
    EXPECT_EQ(all.pairs.compared, 2U);
    EXPECT_EQ(all.noise.compared, 1U);
    ASSERT_TRUE(all.first && all.last);
    EXPECT_EQ(*all.last - *all.first, 30 * 24h);
    const ShadowFigures late = figures(kNovember + 29 * 24h);
    EXPECT_EQ(late.pairs.compared, 1U);
    EXPECT_EQ(late.pairs.disagreed, 0U);
}

TEST_F(ShadowIndexTest, HasNothingWithoutRuns) {
    deliver({small_record(kNovember), noise(kNovember, true)});
    const ShadowFigures none = figures();
    EXPECT_EQ(none.runs, 0U);
    EXPECT_EQ(none.noise.compared, 0U);
    EXPECT_FALSE(none.first);
}

}  // namespace
}  // namespace tidegate::events
