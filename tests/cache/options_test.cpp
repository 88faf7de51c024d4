#include <tidegate/cache/options.h>
#include <tidegate/yaml/document.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::cache {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

RedisOptions redis(std::string_view url) {
    const auto options = parse_url(url);
    EXPECT_TRUE(options) << url;
    return options ? std::get<RedisOptions>(*options) : RedisOptions{};
}

std::string refusal(std::string_view url) {
    const auto options = parse_url(url);
    EXPECT_FALSE(options) << url;
    return options ? "" : options.error().message;
}

TEST(CacheUrl, NamesASizeOfMemory) {
    EXPECT_EQ(parse_url("memory:1MiB").value(), Options(MemoryOptions{1 << 20}));
    EXPECT_THAT(refusal("memory:"), HasSubstr("memory:256MiB"));
    EXPECT_THAT(refusal("memory:256"), HasSubstr("memory:256MiB"));
    EXPECT_THAT(refusal("memory:1023KiB"), HasSubstr("1MiB"));
}

TEST(CacheUrl, NamesARedis) {
    EXPECT_EQ(redis("redis://cache.internal"), (RedisOptions{"cache.internal", 6379, "", "", 0}));
    EXPECT_EQ(redis("redis://10.0.0.7:7000/3"), (RedisOptions{"10.0.0.7", 7000, "", "", 3}));
    EXPECT_EQ(redis("redis://[::1]:7000/"), (RedisOptions{"::1", 7000, "", "", 0}));
    EXPECT_EQ(redis("redis://:p%40ss%2Fword@h"), (RedisOptions{"h", 6379, "", "p@ss/word", 0}));
    EXPECT_EQ(redis("redis://gate:secret@h/1"), (RedisOptions{"h", 6379, "gate", "secret", 1}));
}

TEST(CacheUrl, IsRefusedWithWhatToDoAndNeverQuoted) {
    EXPECT_THAT(refusal("memcached://h"), HasSubstr("redis://host:port/database"));
    EXPECT_THAT(refusal("rediss://h"), HasSubstr("TLS"));
    EXPECT_THAT(refusal("redis://"), HasSubstr("host"));
    EXPECT_THAT(refusal("redis://h:0"), HasSubstr("port"));
    EXPECT_THAT(refusal("redis://h/first"), HasSubstr("number"));
    EXPECT_THAT(refusal("redis://h/-1"), HasSubstr("number"));
    EXPECT_THAT(refusal("redis://user@h"), HasSubstr("password"));
    for (const char* url :
         {"redis://:hunter2@h/x", "redis://:hunter2@h:99999", "redis://:hunter2#@h", "redis://:hunter2@h?x"})
        EXPECT_THAT(refusal(url), Not(HasSubstr("hunter"))) << url;
}

class CacheOptions : public testing::Test {
  protected:
    yaml::Document parse(const std::string& text) { return yaml::parse("a.yaml", text, problems_); }
    yaml::Problems problems_;
};

TEST_F(CacheOptions, AreMemoryWhereNothingIsWritten) {
    EXPECT_EQ(parse_options(parse("x: 1\n").root()["cache"]), Options(MemoryOptions{256ULL << 20U}));
    EXPECT_TRUE(problems_.empty());
}

TEST_F(CacheOptions, WarnOfAPasswordThatIsPrinted) {
    parse_options(parse("cache: {url: \"redis://:hunter2@h\"}\n").root()["cache"]);
    EXPECT_THAT(problems_.text(), HasSubstr("${NAME}"));
    EXPECT_FALSE(problems_.has_errors());
    problems_ = {};
    setenv("TIDEGATE_TEST_PASSWORD", "hunter2", 1);
    const auto options =
        parse_options(parse("cache: {url: \"redis://:${TIDEGATE_TEST_PASSWORD}@h\"}\n").root()["cache"]);
    EXPECT_TRUE(problems_.empty()) << problems_.text();
    EXPECT_EQ(std::get<RedisOptions>(options).password, "hunter2");
}

TEST_F(CacheOptions, AreRefusedAtTheirPlace) {
    parse_options(parse("cache: {url: nonsense, size: 1}\n").root()["cache"]);
    EXPECT_THAT(problems_.text(), HasSubstr("a.yaml:1:"));
    EXPECT_THAT(problems_.text(), HasSubstr("cache.url"));
    EXPECT_THAT(problems_.text(), HasSubstr("size"));
}

TEST_F(CacheOptions, OfAFeatureHaveATimeAndAScope) {
    const Policy plain = parse_policy(parse("cache: {}\n").root()["cache"]);
    EXPECT_EQ(plain.ttl, 10min);
    EXPECT_EQ(plain.scope, Scope::feature);
    const Policy written = parse_policy(parse("cache: {ttl: 5s, scope: user}\n").root()["cache"]);
    EXPECT_EQ(written.ttl, 5s);
    EXPECT_EQ(written.scope, Scope::user);
    EXPECT_TRUE(problems_.empty()) << problems_.text();
    parse_policy(parse("cache: {scope: all}\n").root()["cache"]);
    EXPECT_THAT(problems_.text(), HasSubstr("feature"));
}

}  // namespace
}  // namespace tidegate::cache
