// What the configuration says of the cache, and what makes another variant of a variant.
#include "config/support.h"

#include <gmock/gmock.h>

namespace tidegate::config {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// The parts that an answer depends on, each as one test changes it.
struct Written {
    std::string provider = "base_url: https://api.example.com/v1, api_key: one";
    std::string model = "id: m-1, max_output: 100";
    std::string variant = "temperature: 0.2";
    std::string guardrail = R"(kind: forbidden, patterns: ["a"], output: block)";
    std::string feature = "cache: {}";
    std::string name = "only";
    std::string prompt = "messages: [{role: system, content: Hello}]";
};

class CacheConfig : public ConfigFolder {
  protected:
    std::shared_ptr<const pipeline::FeatureTable> table(const Written& written, const std::string& top = "") {
        write("prompts/greet/1.yaml", written.prompt + "\n");
        write("prompts/greet/2.yaml", written.prompt + "\n");
        loaded_ = load(
            "prompts: {directory: prompts}\n"
            "providers: {p: {dialect: openai, " +
            written.provider +
            "}}\n"
            "models: {m: {provider: p, context: 9000, price: unknown, " +
            written.model +
            "}}\n"
            "guardrails: {words: {" +
            written.guardrail +
            "}}\n"
            "features: {chat: {variants: {" +
            written.name + ": {model: m, prompt: greet@1, guardrails: [words], " + written.variant +
            "}}, serve: " + written.name + ", " + written.feature + "}}\n" + top);
        EXPECT_NE(loaded_.snapshot, nullptr) << loaded_.problems.text();
        return loaded_.snapshot ? loaded_.snapshot->features : std::make_shared<pipeline::FeatureTable>();
    }
    Digest content(const Written& written) {
        const auto features = table(written);
        return features->features.at("chat").variants.at(0).content_hash;
    }

    Loaded loaded_;
};

TEST_F(CacheConfig, IsMemoryByDefaultAndForNoFeature) {
    const auto features = table({.feature = "client_system: append"});
    EXPECT_FALSE(features->features.at("chat").cache);
    EXPECT_EQ(features->features.at("chat").cache_series, nullptr);
    EXPECT_EQ(loaded_.snapshot->fixed.cache, cache::Options(cache::MemoryOptions{}));
}

TEST_F(CacheConfig, ReadsWhereAndForHowLongAndForWhom) {
    const auto features = table({.feature = "cache: {ttl: 5m, scope: user}"},
                                "cache: {url: \"redis://cache.internal:7000/3\"}\n");
    const pipeline::Feature& chat = features->features.at("chat");
    ASSERT_TRUE(chat.cache);
    EXPECT_EQ(chat.cache->ttl, 5min);
    EXPECT_EQ(chat.cache->scope, cache::Scope::user);
    EXPECT_NE(chat.cache_series, nullptr);
    EXPECT_EQ(std::get<cache::RedisOptions>(loaded_.snapshot->fixed.cache).port, 7000);
}

TEST_F(CacheConfig, RefusesWhatItDoesNotKnow) {
    EXPECT_THAT(problems_of("cache: {url: \"nowhere:1\"}\n"),
                HasSubstr("tidegate.yaml:1:14: cache.url: must be memory:"));
    EXPECT_THAT(problems_of("cache: {url: \"memory:1MiB\", size: 1}\n"), HasSubstr("size"));
}

TEST_F(CacheConfig, KnowsAVariantByAllThatItsAnswersDependOn) {
    const Digest plain = content({});
    EXPECT_NE(plain, Digest{});
    EXPECT_EQ(content({}), plain);
    EXPECT_EQ(content({.name = "other"}), plain) << "its name is not what it says";
    EXPECT_NE(content({.provider = "base_url: https://other.example.com/v1, api_key: one"}), plain);
    EXPECT_NE(content({.provider = "base_url: https://api.example.com/v1, api_key: two"}), plain);
    EXPECT_NE(content({.model = "id: m-2, max_output: 100"}), plain);
    EXPECT_NE(content({.model = "id: m-1, max_output: 200"}), plain);
    EXPECT_NE(content({.model = "id: m-1, max_output: 100, quirks: [no_seed]"}), plain);
    EXPECT_NE(content({.variant = "temperature: 0.3"}), plain);
    EXPECT_NE(content({.variant = "temperature: 0.2, max_output_tokens: 50"}), plain);
    EXPECT_NE(content({.guardrail = R"(kind: forbidden, patterns: ["b"], output: block)"}), plain);
    EXPECT_NE(content({.guardrail = R"(kind: forbidden, patterns: ["a"], output: record)"}), plain);
    EXPECT_NE(content({.prompt = "messages: [{role: system, content: Good day}]"}), plain);
}

TEST_F(CacheConfig, KnowsAGuardrailByTheFileOfItsSchema) {
    const Written written{.guardrail = "kind: json_schema, schema: answer.json, output: block, stream: buffer"};
    write("answer.json", R"({"type":"object"})");
    const Digest before = content(written);
    EXPECT_EQ(content(written), before);
    write("answer.json", R"({"type":"array"})");
    EXPECT_NE(content(written), before);
}

}  // namespace
}  // namespace tidegate::config
