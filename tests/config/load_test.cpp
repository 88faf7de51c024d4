// What becomes of a valid configuration: the demo, every example, each key at its place in the snapshot.
#include "config/support.h"

#include <tidegate/prompts/registry.h>
#include <tidegate/upstream/endpoint.h>

#include <cstdlib>

#include <gmock/gmock.h>

namespace tidegate::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const std::string kSource = TIDEGATE_SOURCE_DIR;

const calls::Variant& variant_of(const Snapshot& snapshot, const std::string& feature, std::size_t index) {
    return snapshot.features->features.at(feature).variants.at(index).variant;
}

TEST(Demo, LoadsWithoutAWarning) {
    Loader loader;
    const Loaded loaded = loader.load(kSource + "/config/tidegate.yaml");
    EXPECT_EQ(loaded.problems.text(), "");
    ASSERT_NE(loaded.snapshot, nullptr);
    const Snapshot& snapshot = *loaded.snapshot;
    EXPECT_EQ(snapshot.fixed.listen, "127.0.0.1:8080");
    EXPECT_EQ(snapshot.fixed.admin, "127.0.0.1:9900");
    EXPECT_TRUE(snapshot.features->anonymous);
    EXPECT_EQ(loader.simulator_starts, 1);
    EXPECT_EQ(variant_of(snapshot, "support-reply", 0).model->provider->endpoint->port(), 4321);
    EXPECT_EQ(variant_of(snapshot, "support-reply", 0).prompt->name(), "support-reply@2");
    EXPECT_EQ(snapshot.features->features.at("search-embedding").operation, dialect::Operation::embeddings);
}

TEST(Examples, LoadWithoutAWarning) {
    for (const char* name : {"OPENAI_API_KEY", "ANTHROPIC_API_KEY", "VLLM_API_KEY"})
        ::setenv(name, "sk-test", 1);
    ::setenv("REDIS_PASSWORD", "secret", 1);
    ::setenv("TIDEGATE_ONCALL_SHA256", std::string(64, 'a').c_str(), 1);
    ::setenv("CHECKOUT_KEY_SHA256", std::string(64, 'b').c_str(), 1);
    ::setenv("BATCH_KEY_SHA256", std::string(64, 'c').c_str(), 1);
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(kSource + "/config/examples")) {
        if (entry.path().extension() != ".yaml")
            continue;
        ++count;
        std::ifstream file(entry.path());
        std::string text((std::istreambuf_iterator<char>(file)), {});
        // The mounted secrets of a container are not here.
        for (auto at = text.find("${file:"); at != std::string::npos; at = text.find("${file:"))
            text.replace(at, text.find('}', at) + 1 - at, "secret");
        const auto copy = entry.path().parent_path() / (".test-" + entry.path().filename().string());
        std::ofstream(copy) << text;
        const Loaded loaded = Loader().load(copy.string());
        std::filesystem::remove(copy);
        EXPECT_EQ(loaded.problems.text(), "") << entry.path();
        ASSERT_NE(loaded.snapshot, nullptr) << entry.path();
        EXPECT_FALSE(loaded.snapshot->features->features.empty()) << entry.path();
        EXPECT_THAT(loaded.snapshot->json, Not(HasSubstr("sk-test")));
    }
    EXPECT_GE(count, 7);
}

class Load : public ConfigFolder {
  protected:
    const Snapshot& good(const std::string& content) {
        loaded_ = load(content);
        EXPECT_EQ(loaded_.problems.text(), "");
        if (!loaded_.snapshot)
            throw std::runtime_error("the configuration was refused");
        return *loaded_.snapshot;
    }

    Loaded loaded_;
};

// A feature `f` with the variant `v`, and whatever else.
std::string one(const std::string& provider, const std::string& model, const std::string& feature,
                const std::string& more = "") {
    return "providers: {p: {" + provider + "}}\nmodels: {m: {provider: p, " + model + "}}\nfeatures: {f: {" +
           feature + "}}\n" + more;
}
constexpr const char* kProvider = "dialect: openai, base_url: \"https://api.example.com/v1\"";
constexpr const char* kModel = "id: m-1, context: 8000, max_output: 1000, price: unknown";
constexpr const char* kFeature = "variants: {v: {model: m}}, budget: {monthly_usd: 10}";

TEST_F(Load, TakesTheDefaultsOfWhatIsNotWritten) {
    const Snapshot& snapshot = good("{}");
    EXPECT_EQ(snapshot.fixed, Fixed{});
    EXPECT_EQ(snapshot.fixed.listen, "127.0.0.1:8080");
    EXPECT_EQ(snapshot.fixed.store_url, "sqlite:data/tidegate.db");
    EXPECT_EQ(snapshot.drain, 30s);
    EXPECT_EQ(snapshot.listener.limits.body, 32U << 20U);
    EXPECT_EQ(snapshot.features->heartbeat, 15s);
    EXPECT_EQ(snapshot.features->max_content, 1U << 20U);
    EXPECT_FALSE(snapshot.features->anonymous);
    EXPECT_EQ(loader_.simulator_starts, 1);
}

TEST_F(Load, ReadsTheServer) {
    const Snapshot& snapshot = good(R"(
server:
  listen: "[::1]:8081"
  admin: 127.0.0.1:0
  threads: 3
  limits: {header: 8KiB, body: 1MiB, connections: 100, in_flight: 50}
  timeouts: {header: 1s, body: 2s, idle: 3s, drain: 4s}
  stream_heartbeat: 5s
log: {level: debug, format: json}
store: {url: "sqlite:other.db", on_failure: serve}
records: {content: none}
access: {anonymous: true}
segments: {plan: [free, pro]}
)");
    EXPECT_EQ(snapshot.fixed, (Fixed{.listen = "[::1]:8081",
                                     .admin = "127.0.0.1:0",
                                     .threads = 3,
                                     .store_url = "sqlite:other.db",
                                     .serve_on_failure = true,
                                     .cache = {}}));
    EXPECT_EQ(snapshot.listener.address, "[::1]:8081");
    EXPECT_EQ(snapshot.listener.limits.header, 8U << 10U);
    EXPECT_EQ(snapshot.listener.limits.connections, 100U);
    EXPECT_EQ(snapshot.listener.limits.in_flight, 50U);
    EXPECT_EQ(snapshot.listener.timeouts.header, 1s);
    EXPECT_EQ(snapshot.listener.timeouts.body, 2s);
    EXPECT_EQ(snapshot.listener.timeouts.idle, 3s);
    EXPECT_EQ(snapshot.drain, 4s);
    EXPECT_EQ(snapshot.features->heartbeat, 5s);
    EXPECT_EQ(snapshot.log.level, log::Level::debug);
    EXPECT_EQ(snapshot.log.format, log::Format::json);
    EXPECT_EQ(snapshot.features->max_content, 0U);
    EXPECT_THAT(snapshot.features->segments.at("plan"), ElementsAre("free", "pro"));
}

TEST_F(Load, ServesAnyoneInPublicOnlyWhenThatIsSaidTwice) {
    const std::string open = "server: {listen: \"0.0.0.0:8080\"}\naccess: {anonymous: true";
    EXPECT_EQ(load(open + "}\n").snapshot, nullptr);
    EXPECT_TRUE(good(open + ", anonymous_on_public_address: true}\n").features->anonymous);
    EXPECT_FALSE(good("server: {listen: \"0.0.0.0:8080\"}\n").features->anonymous);
}

TEST_F(Load, PutsTheKeyIntoTheHeaderOfItsDialect) {
    const std::string key = ", api_key: sk-1, headers: {x-team: blue}";
    const auto lines = [&](const std::string& dialect) {
        const Snapshot& snapshot = good(
            one("dialect: " + dialect + ", base_url: \"https://api.example.com\"" + key, kModel, kFeature));
        return variant_of(snapshot, "f", 0).model->provider->endpoint->header_lines();
    };
    EXPECT_THAT(lines("openai"),
                testing::AllOf(HasSubstr("authorization: Bearer sk-1\r\n"), HasSubstr("x-team: blue\r\n")));
    EXPECT_THAT(lines("anthropic"),
                testing::AllOf(HasSubstr("x-api-key: sk-1\r\n"), Not(HasSubstr("authorization"))));
}

TEST_F(Load, ReadsAProvider) {
    const Snapshot& snapshot =
        good(one("dialect: anthropic, base_url: \"http://127.0.0.1:9/x\", allow_private_address: true, "
                 "concurrent: 7, timeouts: "
                 "{connect: 1s, first_token: 2s, idle: 3s, total: 4s}",
                 kModel, kFeature));
    const calls::Provider& provider = *variant_of(snapshot, "f", 0).model->provider;
    EXPECT_EQ(provider.name, "p");
    EXPECT_EQ(provider.format, dialect::Format::anthropic);
    EXPECT_EQ(provider.endpoint->concurrent(), 7);
    EXPECT_EQ(provider.endpoint->timeouts().connect, 1s);
    EXPECT_EQ(provider.first_token, 2s);
    EXPECT_EQ(provider.idle, 3s);
    EXPECT_EQ(provider.total, 4s);
    EXPECT_THAT(snapshot.endpoints, ElementsAre(provider.endpoint->key()));
}

TEST_F(Load, ReadsAModel) {
    const Snapshot& snapshot =
        good(one(kProvider,
                 "id: gpt-4o, unpinned: true, context: 9, max_output: 8, price: {input: 1, output: 2}, quirks: "
                 "[no_temperature, developer_role]",
                 kFeature));
    const calls::Model& model = *variant_of(snapshot, "f", 0).model;
    EXPECT_EQ(model.name, "m");
    EXPECT_EQ(model.id, "gpt-4o");
    EXPECT_EQ(model.context, 9);
    EXPECT_EQ(model.max_output, 8);
    EXPECT_EQ(model.price.tokens.output.to_string(), "2.000000000");
    EXPECT_EQ(model.price_hash, ledger::price_table_hash(model.price));
    EXPECT_TRUE(model.quirks.has(dialect::Quirk::no_temperature));
    EXPECT_TRUE(model.quirks.has(dialect::Quirk::developer_role));
    EXPECT_FALSE(model.quirks.has(dialect::Quirk::no_seed));
    EXPECT_NE(model.breaker, nullptr);
    EXPECT_NE(model.series, nullptr);
}

TEST_F(Load, ReadsAVariantWithItsChain) {
    write("prompts/greet/3.yaml", "messages: [{role: system, content: Hello}]\n");
    const Snapshot& snapshot = good(one(kProvider, kModel, R"(
      client_system: forbid,
      variants: {
        v: {model: m, prompt: greet@3, temperature: 0.5, top_p: 0.9, seed: 7, stop: [END], reasoning_effort: low,
            max_output_tokens: 100, fallback: [w, text, json, first]},
        w: {model: m}},
      answers: {text: {text: Sorry.}, json: {json: {answer: null, list: [1, "2"]}}, first: {first_sentences: 3}},
      timeout: {attempt: 1s, first_token: 2s, total: 3s},
      budget: {monthly_usd: 10},
      serve: v)",
                                        "prompts: {directory: prompts}\n"));
    const calls::Variant& variant = variant_of(snapshot, "f", 0);
    EXPECT_EQ(variant.prompt_name, "greet@3");
    EXPECT_EQ(variant.prompt_hash, variant.prompt->hash());
    EXPECT_EQ(variant.temperature, 0.5);
    EXPECT_EQ(variant.top_p, 0.9);
    EXPECT_EQ(variant.seed, 7);
    EXPECT_THAT(variant.stop, ElementsAre("END"));
    EXPECT_EQ(variant.reasoning_effort, "low");
    EXPECT_EQ(variant.max_output_tokens, 100);
    const pipeline::Feature& feature = snapshot.features->features.at("f");
    EXPECT_EQ(feature.client_system, pipeline::ClientSystem::forbid);
    EXPECT_EQ(feature.attempt, 1s);
    EXPECT_EQ(feature.first_token, 2s);
    EXPECT_EQ(feature.total, 3s);
    EXPECT_EQ(feature.variants[0].header_lines,
              "x-tidegate-feature: f\r\nx-tidegate-variant: v\r\nx-tidegate-model: m\r\nx-tidegate-prompt: "
              "greet@3\r\n");
    ASSERT_EQ(feature.chains.size(), 2U);
    const auto& chain = feature.chains[0];
    ASSERT_EQ(chain.size(), 5U);
    EXPECT_EQ(chain[0].variant, 0U);
    EXPECT_EQ(chain[1].variant, 1U);
    EXPECT_EQ(std::get<pipeline::TextAnswer>(chain[2].answer).text, "Sorry.");
    EXPECT_EQ(std::get<pipeline::JsonAnswer>(chain[3].answer).json, R"({"answer":null,"list":[1,"2"]})");
    EXPECT_EQ(std::get<pipeline::FirstSentences>(chain[4].answer).count, 3);
    EXPECT_EQ(feature.chains[1].size(), 1U);
}

TEST_F(Load, RefusesAPromptThatHasChangedSinceItWasServed) {
    write("prompts/greet/3.yaml", "messages: [{role: system, content: Hello}]\n");
    loader_.served["greet@3"] = "another hash";
    const Loaded loaded = load("prompts: {directory: prompts}\n");
    EXPECT_EQ(loaded.snapshot, nullptr);
    EXPECT_THAT(loaded.problems.text(), HasSubstr("write version 4"));
    EXPECT_THAT(loaded.files, testing::Contains(path("prompts/greet/3.yaml")));
}

TEST_F(Load, NamesEveryFileItHasRead) {
    write("more/features.yaml", "features: {}\n");
    write("secret", "sk-1\n");
    write("prompts/greet/1.yaml", "messages: [{role: system, content: Hello}]\n");
    good("include: [more/*.yaml]\nprompts: {directory: prompts}\n" +
         one(std::string(kProvider) + ", api_key: \"${file:secret}\"", kModel, kFeature));
    EXPECT_THAT(loaded_.files,
                testing::IsSupersetOf({path("tidegate.yaml"), path("more/features.yaml"), path("secret"),
                                       path("prompts"), path("prompts/greet"), path("prompts/greet/1.yaml")}));
    EXPECT_THAT(loaded_.patterns, ElementsAre(path("more/*.yaml")));
}

TEST_F(Load, HashesWhatIsSaidNotHowItIsWritten) {
    const std::string hash = good("log: {level: info}\naccess: {anonymous: true}\n").features->config_hash;
    EXPECT_EQ(good("log:\n  level: info   # as by default\naccess: {anonymous: true}\n").features->config_hash,
              hash);
    EXPECT_NE(good("log: {level: warn}\naccess: {anonymous: true}\n").features->config_hash, hash);
}

TEST_F(Load, ShowsNoCredentialThatIsWrittenOut) {
    const Snapshot& snapshot = good(
        one(std::string(kProvider) + ", api_key: sk-written, headers: {x-team: team-token}", kModel, kFeature));
    EXPECT_THAT(snapshot.json, testing::AllOf(HasSubstr(R"("api_key":"[redacted]")"),
                                              Not(HasSubstr("sk-written")), Not(HasSubstr("team-token"))));
}

TEST_F(Load, ShowsTheConfigurationWithoutSecrets) {
    write("secret", "sk-hidden");
    const Snapshot& snapshot =
        good(one(std::string(kProvider) + ", api_key: \"${file:secret}\"", kModel, kFeature));
    EXPECT_THAT(snapshot.json, testing::AllOf(HasSubstr("\"base_url\":\"https://api.example.com/v1\""),
                                              HasSubstr("[redacted]"), Not(HasSubstr("sk-hidden"))));
}

}  // namespace
}  // namespace tidegate::config
