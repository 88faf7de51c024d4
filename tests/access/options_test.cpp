#include <tidegate/access/options.h>
#include <tidegate/yaml/document.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tidegate::access {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kLoopback = "127.0.0.1:8080";
constexpr std::string_view kPublic = "0.0.0.0:8080";
const std::string kOne(64, '1');
const std::string kTwo(64, 'F');

class AccessOptions : public testing::Test {
  protected:
    Options parse(const std::string& text, std::string_view listen = kLoopback) {
        problems_ = {};
        const yaml::Document document = yaml::parse("a.yaml", text, problems_);
        return parse_options(document.root()["access"], listen);
    }
    std::string problem_of_key(const std::string& key) {
        parse("access: {keys: [{" + key + "}]}\n");
        return problems_.text();
    }
    yaml::Problems problems_;
};

TEST_F(AccessOptions, ServeNobodyByDefault) {
    const Options options = parse("x: 1\n");
    EXPECT_FALSE(options.anonymous);
    EXPECT_TRUE(options.keys.empty());
    EXPECT_TRUE(problems_.empty());
}

TEST_F(AccessOptions, ReadEveryKey) {
    const Options options =
        parse(fmt::format("access:\n  keys:\n"
                          "    - {{name: checkout-service, sha256: [\"{}\", \"{}\"], features: [reply, sum], "
                          "models: [gpt/large], requests_per_minute: 600, tokens_per_minute: 200000, "
                          "concurrent: 50, monthly_usd: 200.5}}\n"
                          "    - {{name: batch, sha256: \"{}\", features: [reply]}}\n",
                          kOne, kTwo, std::string(64, '3')));
    EXPECT_TRUE(problems_.empty()) << problems_.text();
    ASSERT_EQ(options.keys.size(), 2U);
    const KeyOptions& key = options.keys[0];
    EXPECT_EQ(key.name, "checkout-service");
    EXPECT_THAT(key.digests, ElementsAre(*parse_digest(kOne), *parse_digest(kTwo)));
    EXPECT_THAT(key.features, ElementsAre("reply", "sum"));
    EXPECT_THAT(key.models, ElementsAre("gpt/large"));
    EXPECT_EQ(key.limits.requests_per_minute, 600);
    EXPECT_EQ(key.limits.tokens_per_minute, 200'000);
    EXPECT_EQ(key.limits.concurrent, 50);
    EXPECT_EQ(key.monthly, NanoDollars(200'500'000'000));
    EXPECT_THAT(options.keys[1].digests, ElementsAre(*parse_digest(std::string(64, '3'))));
    EXPECT_FALSE(options.keys[1].limits.requests_per_minute);
    EXPECT_FALSE(options.keys[1].limits.tokens_per_minute);
    EXPECT_FALSE(options.keys[1].limits.concurrent);
    EXPECT_FALSE(options.keys[1].monthly);
}

TEST_F(AccessOptions, ServeAnyoneInPublicOnlyWhenThatIsSaidTwice) {
    EXPECT_TRUE(parse("access: {anonymous: true}\n").anonymous);
    EXPECT_TRUE(parse("access: {anonymous: true}\n", "[::1]:0").anonymous);
    EXPECT_TRUE(problems_.empty());
    parse("access: {anonymous: true}\n", kPublic);
    EXPECT_THAT(problems_.text(), HasSubstr("anonymous_on_public_address: true"));
    EXPECT_TRUE(problems_.has_errors());
    EXPECT_TRUE(parse("access: {anonymous: true, anonymous_on_public_address: true}\n", kPublic).anonymous);
    EXPECT_TRUE(problems_.empty());
    EXPECT_FALSE(parse("access: {anonymous_on_public_address: true}\n", kPublic).anonymous);
}

TEST_F(AccessOptions, ServeNobodyWithoutAKeyAsSoonAsThereIsOne) {
    for (const std::string_view listen : {kLoopback, kPublic}) {
        const Options options =
            parse("access: {anonymous: true, anonymous_on_public_address: true, keys: [{name: a, sha256: \"" +
                      kOne + "\", features: [f]}]}\n",
                  listen);
        EXPECT_FALSE(options.anonymous);
        EXPECT_FALSE(problems_.has_errors());
        EXPECT_THAT(problems_.text(), HasSubstr("every caller needs one"));
    }
}

TEST_F(AccessOptions, ServeNobodyWithoutAKeyEvenIfTheKeyIsWrong) {
    EXPECT_FALSE(parse("access: {anonymous: true, keys: [{name: a}]}\n").anonymous);
    EXPECT_TRUE(problems_.has_errors());
}

TEST_F(AccessOptions, ReportEveryMistakeAtItsPlace) {
    const std::string good = "name: x, features: [f], sha256: \"" + kOne + "\"";
    EXPECT_EQ(problem_of_key(good), "");
    EXPECT_THAT(problem_of_key("features: [f], sha256: \"" + kOne + "\""), HasSubstr("name: is missing"));
    EXPECT_THAT(problem_of_key("name: \"a b\", features: [f], sha256: \"" + kOne + "\""),
                HasSubstr("keys[0].name: is no name"));
    EXPECT_THAT(problem_of_key("name: x, features: [f]"), HasSubstr("sha256: is missing"));
    EXPECT_THAT(problem_of_key("name: x, features: [f], sha256: tg_secret"), HasSubstr("64 hexadecimal"));
    EXPECT_THAT(problem_of_key("name: x, features: [f], sha256: []"), HasSubstr("at least one"));
    EXPECT_THAT(problem_of_key("name: x, features: [f], sha256: [\"" + kOne + "\", \"" + kTwo + "\", \"" +
                               std::string(64, '3') + "\"]"),
                HasSubstr("two digests at most"));
    EXPECT_THAT(problem_of_key("name: x, features: [f], sha256: "
                               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                HasSubstr("SHA-256 of nothing"));
    EXPECT_THAT(problem_of_key("name: x, sha256: \"" + kOne + "\""), HasSubstr("may call nothing"));
    EXPECT_THAT(problem_of_key(good + ", models: [m, m]"), HasSubstr("names \"m\" twice"));
    EXPECT_THAT(problem_of_key(good + ", requests_per_minute: 0"), HasSubstr("requests_per_minute"));
    EXPECT_THAT(problem_of_key(good + ", tokens_per_minute: -1"), HasSubstr("tokens_per_minute"));
    EXPECT_THAT(problem_of_key(good + ", concurrent: many"), HasSubstr("concurrent"));
    EXPECT_THAT(problem_of_key(good + ", monthly_usd: -1"), HasSubstr("monthly_usd"));
    EXPECT_THAT(problem_of_key(good + ", request_per_minute: 1"), HasSubstr("did you mean"));
    EXPECT_THAT(problem_of_key(good + "}, {" + good),
                testing::AllOf(HasSubstr("keys[1].name: another key has this name"),
                               HasSubstr("keys[1].sha256: has a digest that stands here already")));
}

}  // namespace
}  // namespace tidegate::access
