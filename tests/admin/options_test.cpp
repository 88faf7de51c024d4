#include <tidegate/admin/options.h>
#include <tidegate/admin/time.h>
#include <tidegate/base/clock.h>
#include <tidegate/yaml/document.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::admin {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kHashOfA = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";

class AdminOptions : public ::testing::Test {
  protected:
    Options parse(const std::string& text) {
        const yaml::Document document = yaml::parse("a.yaml", text, problems_);
        return parse_options(document.root()["admin"]);
    }
    yaml::Problems problems_;
};

TEST_F(AdminOptions, AbsentMeansMetricsByTokenAndNoTokens) {
    const Options options = parse("x: 1\n");
    EXPECT_EQ(options.metrics, MetricsPolicy::token);
    EXPECT_TRUE(options.tokens.empty());
    EXPECT_TRUE(problems_.empty());
}

TEST_F(AdminOptions, ReadsEveryKey) {
    const Options options = parse(
        fmt::format("admin:\n  metrics: open\n  tokens:\n"
                    "    - {{name: oncall, sha256: \"{}\", role: operator, content: true, features: [a, b]}}\n"
                    "    - {{name: prometheus, sha256: [\"{}\", \"{}\"]}}\n",
                    kHashOfA, std::string(64, '1'), std::string(64, 'F')));
    EXPECT_TRUE(problems_.empty()) << problems_.text();
    EXPECT_EQ(options.metrics, MetricsPolicy::open);
    ASSERT_EQ(options.tokens.size(), 2U);
    EXPECT_EQ(options.tokens[0].digests, std::vector<Digest>{digest_of("a")});
    EXPECT_EQ(options.tokens[0].role, Role::operator_);
    EXPECT_TRUE(options.tokens[0].content);
    EXPECT_EQ(options.tokens[0].features, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(options.tokens[1].digests.size(), 2U);
    EXPECT_EQ(options.tokens[1].role, Role::viewer);
    EXPECT_FALSE(options.tokens[1].content);
}

TEST_F(AdminOptions, EveryMistakeHasItsPlace) {
    const auto problem_of = [this](const std::string& text) {
        problems_ = {};
        parse(text);
        return problems_.text();
    };
    const std::string hash(kHashOfA);
    EXPECT_THAT(problem_of("admin: {tokens: [{sha256: \"" + hash + "\"}]}\n"), HasSubstr("name"));
    EXPECT_THAT(problem_of("admin: {tokens: [{name: x}]}\n"), HasSubstr("sha256"));
    EXPECT_THAT(problem_of("admin: {tokens: [{name: x, sha256: secret}]}\n"), HasSubstr("64 hexadecimal"));
    EXPECT_THAT(problem_of("admin: {tokens: [{name: x, sha256: []}]}\n"), HasSubstr("at least one"));
    EXPECT_THAT(problem_of("admin: {tokens: [{name: x, sha256: "
                           "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855}]}\n"),
                HasSubstr("SHA-256 of nothing"));
    EXPECT_THAT(problem_of("admin: {tokens: [{name: x, sha256: \"" + hash + "\", role: root}]}\n"),
                HasSubstr("role"));
    EXPECT_THAT(problem_of("admin: {tokens: [{name: x, sha256: \"" + hash + "\", features: []}]}\n"),
                HasSubstr("at least one feature"));
    EXPECT_THAT(problem_of("admin: {tokens: [{name: x, sha256: \"" + hash + "\", right: content}]}\n"),
                HasSubstr("right"));
    EXPECT_THAT(problem_of("admin: {tokens: [{name: x, sha256: \"" + hash + "\"}, {name: x, sha256: \"" + hash +
                           "\"}]}\n"),
                ::testing::AllOf(HasSubstr("this name"), HasSubstr("this digest")));
    EXPECT_THAT(problem_of("admin: {metric: open}\n"), HasSubstr("metrics"));
}

TEST(AdminOptionsCheck, OnlyLoopbackNeedsNoTokens) {
    for (const std::string_view address : {"127.0.0.1:9900", "127.1.2.3:0", "[::1]:9900"}) {
        EXPECT_TRUE(check({}, address)) << address;
    }
    for (const std::string_view address :
         {"0.0.0.0:9900", "[::]:9900", "192.168.0.1:1", "localhost:9900", "", "::1", "127.0.0.1.evil:1"}) {
        EXPECT_FALSE(check({}, address)) << address;
        Options options;
        options.tokens.push_back({.name = "x", .digests = {digest_of("x")}, .features = {}});
        EXPECT_TRUE(check(options, address)) << address;
    }
}

TEST(ParseTime, ReadsDatesTimesAndAges) {
    using namespace std::chrono;
    const WallTime now = sys_days{year{2026} / 11 / 24} + 12h;
    EXPECT_EQ(parse_time("2026-11-01", now), WallTime{sys_days{year{2026} / 11 / 1}});
    EXPECT_EQ(parse_time("2026-11-01T12:30", now), WallTime{sys_days{year{2026} / 11 / 1} + 12h + 30min});
    EXPECT_EQ(parse_time("2026-11-01T12:30:05Z", now),
              WallTime{sys_days{year{2026} / 11 / 1} + 12h + 30min + 5s});
    EXPECT_EQ(parse_time("2026-11-01 00:30:00.25+01:30", now),
              WallTime{sys_days{year{2026} / 10 / 31} + 23h + 250ms});
    EXPECT_EQ(parse_time("2024-02-29", now), WallTime{sys_days{year{2024} / 2 / 29}});
    EXPECT_EQ(parse_time("90s", now), now - 90s);
    EXPECT_EQ(parse_time("30m", now), now - 30min);
    EXPECT_EQ(parse_time("2h", now), now - 2h);
    EXPECT_EQ(parse_time("7d", now), now - days{7});
    EXPECT_EQ(parse_time("4w", now), now - days{28});
    EXPECT_EQ(parse_time("0s", now), now);
}

TEST(ParseTime, RefusesEverythingElse) {
    const WallTime now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}};
    for (const std::string_view text : {"",
                                        "h",
                                        "2",
                                        "-2h",
                                        "+2h",
                                        "2 h",
                                        "1.5h",
                                        "2y",
                                        "99999999h",
                                        "9999999w",
                                        "2026-11",
                                        "2026-11-31",
                                        "2026-02-29",
                                        "2026-13-01",
                                        "2026-11-01T",
                                        "2026-11-01T24:00",
                                        "2026-11-01T12:60",
                                        "2026-11-01T12:30:61",
                                        "2026-11-01T12:30:00.Z",
                                        "2026-11-01T12:30:00.1234567890Z",
                                        "2026-11-01T12:30:00+1",
                                        "2026-11-01T12:30:00Zx",
                                        "1969-12-31",
                                        "9999-01-01",
                                        "yesterday",
                                        "2026-1-1",
                                        "２０２６-11-01"}) {
        EXPECT_EQ(parse_time(text, now), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace tidegate::admin
