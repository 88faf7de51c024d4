#include "cli/support.h"

#include <tidegate/release/shadow_report.h>

#include <gmock/gmock.h>

namespace tidegate::cli::testing {
namespace {

using ::testing::HasSubstr;

// Four of fifty pairs disagree, one of ten of the noise sample.
std::string report(WallTime now) {
    events::ShadowFigures figures;
    figures.runs = 51;
    figures.failed = 1;
    figures.pairs = {50, 4};
    figures.by_live = {{"stable", {49, 3}}, {"", {1, 1}}};
    figures.noise = {10, 1};
    figures.candidate.calls = 51;
    figures.live.calls = 49;
    for (int i = 0; i < 51; ++i) {
        figures.candidate.cost.add(2'000'000);
        figures.candidate.latency.push_back(1'500'000);
    }
    figures.first = now - std::chrono::hours{24 * 3};
    figures.last = now;
    return release::to_json(release::judge(std::move(figures), {}, now), "support-reply", "next");
}

class ShadowCommandTest : public CliTest {
  protected:
    void answer() {
        services_.shadow_json = [this](const std::string& feature,
                                       std::optional<WallTime> since) -> Result<std::string> {
            asked_ = {feature, since};
            return report(kNow);
        };
        start();
    }
    std::pair<std::string, std::optional<WallTime>> asked_;
};

TEST_F(ShadowCommandTest, ShowsVerdictFiguresAndWhatIsMissing) {
    answer();
    const Outcome outcome = run({"shadow", "report", "support-reply"});
    ASSERT_EQ(outcome.status, kOk) << outcome.err;
    for (const char* line : {
             "verdict        not_enough_data\n",
             "runs           51 (1 failed)\n",
             "missing pairs  150\n",
             "missing time   11.0 days\n",
             "disagreement   8.0 % (",
             "noise floor    10.0 % (",
             "excess         -2.0 % (",
             "- 50 of 200 pairs: 150 missing\n",
             "disagreement  not_enough_data",
             "15.0 %",
             "3.000 s",
             "0.002000 USD",
             "1.500 s",
             "stable                          3 of 49\n",
             "existing system                  1 of 1\n",
             "the live variant with itself    1 of 10\n",
         })
        EXPECT_THAT(outcome.out, HasSubstr(line));
    EXPECT_EQ(asked_.first, "support-reply");
    EXPECT_FALSE(asked_.second);
}

TEST_F(ShadowCommandTest, PrintsTheApisAnswerAsJson) {
    answer();
    const Outcome outcome = run({"shadow", "report", "support-reply", "--json", "--since", "2h"});
    ASSERT_EQ(outcome.status, kOk) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("\"verdict\": \"not_enough_data\""));
    EXPECT_EQ(asked_.second, kNow - std::chrono::hours{2});
}

TEST_F(ShadowCommandTest, IsRefusedForAFeatureWithoutALane) {
    start();
    const Outcome outcome = run({"shadow", "report", "search"});
    EXPECT_EQ(outcome.status, kRefused);
    EXPECT_THAT(outcome.err, HasSubstr("no shadow lane"));
}

TEST_F(ShadowCommandTest, NeedsAFeatureAndATime) {
    start();
    EXPECT_EQ(run({"shadow", "report"}).status, kWrongUsage);
    EXPECT_EQ(run({"shadow"}).status, kWrongUsage);
    EXPECT_EQ(run({"shadow", "report", "f", "--since", "soon"}).status, kWrongUsage);
}

TEST_F(ShadowCommandTest, ListsRunsOnlyWhenAsked) {
    bool shadow = false;
    services_.calls = [&](const events::IndexFilter& filter) -> Result<std::vector<admin::CallLine>> {
        shadow = filter.shadow;
        return std::vector<admin::CallLine>{};
    };
    start();
    run({"call", "list"});
    EXPECT_FALSE(shadow);
    run({"call", "list", "--shadow"});
    EXPECT_TRUE(shadow);
}

TEST_F(ShadowCommandTest, CallShowSetsBothAnswersOfARunBesideEachOther) {
    services_.call = [](CallId, bool) -> Result<admin::CallAnswer> {
        return admin::CallAnswer{
            "support-reply",
            R"({"id":"0192f0c1-7b3a-7c1e-8f00-0123456789ab","outcome":"ok","variant":"next","cost_nano_usd":0,)"
            R"("shadow":{"role":"candidate","disagrees":true,"comparisons":[{"comparator":"token_similarity",)"
            R"("similarity":0.31}],"live":{"call":"0192f0c1-7b3a-7c1e-8f00-000000000000","variant":"stable"}},)"
            R"("content":{"answer":{"format":"text","text":"At six."},"live_answer":{"format":"text","text":"At noon."}}})"};
    };
    start();
    const Outcome outcome = run({"call", "show", "0192f0c1-7b3a-7c1e-8f00-0123456789ab"});
    ASSERT_EQ(outcome.status, kOk) << outcome.err;
    EXPECT_THAT(outcome.out,
                HasSubstr("candidate beside 0192f0c1-7b3a-7c1e-8f00-000000000000 (stable), disagrees, "
                          "token_similarity 0.31\n"));
    EXPECT_THAT(outcome.out, HasSubstr("answer\n    At six.\n\nlive answer\n    At noon.\n"));
}

}  // namespace
}  // namespace tidegate::cli::testing
