// Each class of mistake: where it is reported, and what is said.
#include "config/support.h"

#include <gmock/gmock.h>

namespace tidegate::config {
namespace {

using testing::HasSubstr;
using testing::Not;

// Line 4 begins the provider, 7 the models, 12 the feature `chat`.
constexpr const char* kValid = R"(server: {listen: 127.0.0.1:8080}
access: {anonymous: true}
providers:
  openai: {dialect: openai, base_url: "https://api.example.com/v1", api_key: secret}
  claude: {dialect: anthropic, base_url: "https://api.example.org"}
models:
  large: {provider: openai, id: large-2026-01-15, context: 8000, max_output: 1000, price: {input: 1, output: 2}}
  small: {provider: claude, id: small-20260115, context: 8000, max_output: 1000, price: {input: 1, output: 2}}
  vectors: {provider: openai, id: vectors-1, context: 8000, max_output: 1, price: {input: 1, output: 0}}
  vectors-2: {provider: openai, id: vectors-2, context: 8000, max_output: 1, price: {input: 1, output: 0}}
features:
  chat:
    variants:
      next: {model: large, fallback: [stable, sorry]}
      stable: {model: small, fallback: [sorry]}
    answers:
      sorry: {text: "Sorry."}
    targeting:
      - {name: pilot, when: {country: [DE, FR]}, serve: {next: 10, stable: 90}}
    serve: stable
    budget: {monthly_usd: 10}
  search:
    variants:
      now: {model: vectors}
      later: {model: vectors-2}
    serve: now
    budget: {monthly_usd: 10}
)";

const std::string kDigest(64, 'a');

struct Mistake {
    const char* name;
    std::string right;
    std::string wrong;
    std::string problem;  // as printed, complete
};
void PrintTo(const Mistake& mistake, std::ostream* out) {
    *out << mistake.wrong;
}

std::string with(const Mistake& mistake) {
    std::string text = kValid;
    const auto at = text.find(mistake.right);
    EXPECT_NE(at, std::string::npos) << mistake.right;
    return text.replace(at, mistake.right.size(), mistake.wrong);
}

class MistakeTest : public ConfigFolder, public testing::WithParamInterface<Mistake> {};

TEST_P(MistakeTest, IsReportedAloneAtItsPlace) {
    const Mistake& mistake = GetParam();
    EXPECT_EQ(problems_of(with(mistake)), mistake.problem + "\n");
}

const Mistake kMistakes[] = {
    {"AnUnknownTopLevelKey", "features:", "feature: {}\nfeatures:",
     "tidegate.yaml:11:1: unknown key \"feature\"; did you mean \"features\"?"},
    {"AnUnknownKeyOfAVariant", "{model: small,", "{model: small, temprature: 1,",
     "tidegate.yaml:15:30: features.chat.variants.stable: unknown key \"temprature\"; did you mean "
     "\"temperature\"?"},
    {"AnUnknownKeyOfTheServer", "{listen: 127.0.0.1:8080}", "{listen: 127.0.0.1:8080, admn: 127.0.0.1:9900}",
     "tidegate.yaml:1:34: server: unknown key \"admn\"; did you mean \"admin\"?"},
    {"ADuplicateKey", "    serve: now", "    serve: now\n    serve: later",
     "tidegate.yaml:27:5: \"serve\" is already written at line 26"},
    {"AnAliasOfOpenAi", "id: large-2026-01-15", "id: gpt-4o",
     "tidegate.yaml:7:33: models.large.id: is an alias that the provider moves to other models; name a dated "
     "one, or "
     "say `unpinned: true`"},
    {"AnAliasOfAnthropic", "id: small-20260115", "id: claude-sonnet-4-5",
     "tidegate.yaml:8:33: models.small.id: is an alias that the provider moves to other models; name a dated "
     "one, or "
     "say `unpinned: true`"},
    {"AnAliasByItsTag", "id: large-2026-01-15", "id: \"llama3:latest\"",
     "tidegate.yaml:7:33: models.large.id: is an alias that the provider moves to other models; name a dated "
     "one, or "
     "say `unpinned: true`"},
    {"AModelWithoutPrice", ", price: {input: 1, output: 2}}\n  small", "}\n  small",
     "tidegate.yaml:7:3: models.large.price: is missing: give the model's price, or write `price: unknown` to "
     "run it "
     "without"},
    {"APriceWithTenDecimals", "price: {input: 1, output: 2}", "price: {input: 0.0000000001, output: 2}",
     "tidegate.yaml:7:99: models.large.price.input: must be US dollars with at most nine decimals, not "
     "negative"},
    {"AnUnknownProvider", "provider: claude", "provider: cloude",
     "tidegate.yaml:8:21: models.small.provider: there is no provider \"cloude\"; did you mean \"claude\"?"},
    {"AnUnknownModel", "model: large", "model: larg",
     "tidegate.yaml:14:21: features.chat.variants.next.model: there is no model \"larg\"; did you mean "
     "\"large\"?"},
    {"AnUnknownPrompt", "{model: small,", "{model: small, prompt: chat@1,",
     "tidegate.yaml:15:38: features.chat.variants.stable.prompt: there is no prompt version \"chat@1\""},
    {"AnUnknownFallback", "[stable, sorry]", "[stable, sory]",
     "tidegate.yaml:14:47: features.chat.variants.next.fallback[1]: there is no variant or answer \"sory\"; "
     "did you "
     "mean \"sorry\"?"},
    {"AFallbackTwice", "[stable, sorry]", "[stable, stable]",
     "tidegate.yaml:14:47: features.chat.variants.next.fallback[1]: stands in this chain already"},
    {"AFallbackToItself", "[stable, sorry]", "[next]",
     "tidegate.yaml:14:39: features.chat.variants.next.fallback[0]: stands in this chain already"},
    {"AnUnknownVariantServed", "serve: stable\n", "serve: stabel\n",
     "tidegate.yaml:20:12: features.chat.serve: there is no variant \"stabel\"; did you mean \"stable\"?"},
    {"NothingServed", "    serve: stable\n", "", "tidegate.yaml:12:3: features.chat.serve: is missing"},
    {"AnUnknownQuirk", "max_output: 1000, price", "max_output: 1000, quirks: [no_temprature], price",
     "tidegate.yaml:7:93: models.large.quirks[0]: there is no quirk \"no_temprature\"; did you mean "
     "\"no_temperature\"?"},
    {"AReservedVariant",
     "  search:\n    variants:\n      now: {model: vectors}\n      later: {model: vectors-2}\n    serve: now",
     "  search:\n    variants:\n      cache: {model: vectors}\n    serve: cache",
     "tidegate.yaml:24:7: features.search.variants.cache: is a reserved name"},
    {"AReservedAnswer", "      sorry: {text: \"Sorry.\"}",
     "      sorry: {text: \"Sorry.\"}\n      reject: {text: \"No.\"}",
     "tidegate.yaml:18:7: features.chat.answers.reject: is a reserved name"},
    {"AReservedFeature", "  search:", "  cache:", "tidegate.yaml:22:3: features.cache: is a reserved name"},
    {"VariantsOfTheDirectFeature", "  search:", "  direct: {variants: {a: {model: large}}}\n  search:",
     "tidegate.yaml:22:12: features.direct: unknown key \"variants\"\n"
     "tidegate.yaml:22:3: warning: features.direct: has no effect, because no access key names a model"},
    {"AKeyForAnUnknownFeature", "{anonymous: true}",
     "{keys: [{name: a, sha256: " + kDigest + ", features: [cat]}]}",
     "tidegate.yaml:2:112: access.keys[0].features[0]: there is no feature \"cat\"; did you mean \"chat\"?"},
    {"AKeyForAnUnknownModel", "{anonymous: true}",
     "{keys: [{name: a, sha256: " + kDigest + ", models: [larg]}]}",
     "tidegate.yaml:2:110: access.keys[0].models[0]: there is no model \"larg\"; did you mean \"large\"?"},
    {"AKeyForTheFeatureDirect", "{anonymous: true}",
     "{keys: [{name: a, sha256: " + kDigest + ", features: [direct]}]}",
     "tidegate.yaml:2:112: access.keys[0].features[0]: cannot be named; list the plain models that the key may "
     "use under `models`"},
    {"AKeyForNothing", "{anonymous: true}", "{keys: [{name: a, sha256: " + kDigest + "}]}",
     "tidegate.yaml:2:17: access.keys[0]: may call nothing: name the features or models that it may use"},
    {"AFeatureNamedAsAModel", "  search:", "  large:",
     "tidegate.yaml:22:3: features.large: is the name of a model already; features and models have different "
     "names"},
    {"AnAnswerNamedAsAVariant", "      sorry: {text: \"Sorry.\"}",
     "      sorry: {text: \"Sorry.\"}\n      stable: {text: \"No.\"}",
     "tidegate.yaml:18:7: features.chat.answers.stable: is the name of a variant already"},
    {"ANameThatIsNoHeaderValue", "  search:", "  \"a;b\":",
     "tidegate.yaml:22:3: features.a;b: is no name: at most 128 of letters, digits, `_`, `-`, `.`"},
    {"NoVariants", "variants:\n      now: {model: vectors}\n      later: {model: vectors-2}\n    serve: now",
     "variants: {}",
     "tidegate.yaml:23:5: features.search.variants: needs at least one variant\n"
     "tidegate.yaml:22:3: features.search.serve: is missing"},
    {"WeightsBelow100", "{next: 10, stable: 90}", "{next: 10, stable: 89.99}",
     "tidegate.yaml:19:50: features.chat.targeting[0].serve: the percentages add up to 99.99, they must add up "
     "to 100"},
    {"AnAnswerOfTwoKinds", "{text: \"Sorry.\"}", "{text: \"Sorry.\", first_sentences: 2}",
     "tidegate.yaml:17:7: features.chat.answers.sorry: must have exactly one of text, json, "
     "first_sentences and http"},
    {"AnAnswerOfNoKind", "{text: \"Sorry.\"}", "{}",
     "tidegate.yaml:17:7: features.chat.answers.sorry: must have exactly one of text, json, "
     "first_sentences and http"},
    {"AnAttemptLongerThanTheWhole", "    serve: stable\n", "    serve: stable\n    timeout: {attempt: 61s}\n",
     "tidegate.yaml:21:24: features.chat.timeout.attempt: is longer than total"},
    {"AnonymousInPublic", "{listen: 127.0.0.1:8080}", "{listen: \"0.0.0.0:8080\"}",
     "tidegate.yaml:2:21: access.anonymous: would serve everyone on a public address; if that is meant, set "
     "anonymous_on_public_address: true as well"},
    {"AnAddressWithoutPort", "{listen: 127.0.0.1:8080}", "{listen: 127.0.0.1}",
     "tidegate.yaml:1:18: server.listen: must be an IP address and a port, such as 127.0.0.1:8080"},
    {"APublicAdminPort", "{listen: 127.0.0.1:8080}", "{listen: 127.0.0.1:8080, admin: \"0.0.0.0:9900\"}",
     "tidegate.yaml:1:1: admin: without admin.tokens the admin port may be bound to loopback only, not to "
     "0.0.0.0:9900"},
    {"AnUnknownDialect", "{dialect: anthropic,", "{dialect: antropic,",
     "tidegate.yaml:5:21: providers.claude.dialect: must be one of openai, anthropic, simulator; did you mean "
     "anthropic?"},
    {"APrivateAddress", "https://api.example.org", "http://127.0.0.1:11434/v1",
     "tidegate.yaml:5:42: providers.claude.base_url: base_url leads to the loopback address 127.0.0.1; "
     "list it in outbound.allow_private, or set a provider's allow_private_address, if that is meant"},
    {"AMissingVariable", "api_key: secret", "api_key: \"${TIDEGATE_TEST_NOT_SET}\"",
     "tidegate.yaml:4:78: the environment variable TIDEGATE_TEST_NOT_SET is not set"},
    {"AnEmbeddingWithWeights", "    serve: now\n", "    serve: {now: 50, later: 50}\n",
     "tidegate.yaml:26:5: features.search.serve: an embedding feature takes no weights: vectors of two models "
     "do not "
     "mix"},
    {"AnEmbeddingWithAFallback", "now: {model: vectors}", "now: {model: vectors, fallback: [later]}",
     "tidegate.yaml:23:5: features.search.variants: an embedding feature takes no fallback to another model or "
     "to a "
     "text"},
};

INSTANTIATE_TEST_SUITE_P(Config, MistakeTest, testing::ValuesIn(kMistakes),
                         [](const auto& info) { return std::string(info.param.name); });

struct Later {
    const char* name;
    std::string text;  // put before the features, or in place of the last line
    bool of_feature = false;
};
void PrintTo(const Later& later, std::ostream* out) {
    *out << later.text;
}

class LaterTest : public ConfigFolder, public testing::WithParamInterface<Later> {};

TEST_P(LaterTest, IsRefusedByName) {
    const Later& later = GetParam();
    std::string text = kValid;
    text = later.of_feature ? text + "    " + later.text + "\n" : later.text + "\n" + text;
    const std::string said = problems_of(text);
    EXPECT_THAT(said, HasSubstr("is not available yet: "));
    EXPECT_THAT(said, Not(HasSubstr("unknown key")));
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

INSTANTIATE_TEST_SUITE_P(Config, LaterTest,
                         testing::Values(Later{"Evaluation", "evaluation: {worker: internal}"},
                                         Later{"Scorers", "scorers: {a: {kind: judge}}"},
                                         Later{"Alerts", "alerts: {rules: []}"},
                                         Later{"Canary", "canary: {candidate: next}", true},
                                         Later{"Changes", "changes: free", true},
                                         Later{"FeatureEvaluation", "evaluation: {sample: 10%}", true}),
                         [](const auto& info) { return std::string(info.param.name); });

class ConfigProblems : public ConfigFolder {};

TEST_F(ConfigProblems, AreNoneInTheConfigurationThatTheMistakesAreMadeIn) {
    EXPECT_EQ(problems_of(kValid), "");
}

TEST_F(ConfigProblems, AreAllReportedTogether) {
    std::string text = kValid;
    text.replace(text.find("model: large"), 12, "model: larg");
    text.replace(text.find("listen:"), 7, "lisen: ");
    EXPECT_THAT(problems_of(text), testing::AllOf(HasSubstr("lisen"), HasSubstr("larg")));
}

TEST_F(ConfigProblems, NameOnlyTheCauseWhenAProviderCannotBeMade) {
    std::string text = kValid;
    text.replace(text.find("https://api.example.org"), 23, "ftp://api.example.org");
    const std::string said = problems_of(text);
    EXPECT_THAT(said, HasSubstr("tidegate.yaml:5:"));
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

TEST_F(ConfigProblems, StartNoSimulator) {
    load("server: {listen: nowhere}\nproviders: {demo: {dialect: simulator}}\n");
    EXPECT_EQ(loader_.simulator_starts, 0);
}

TEST_F(ConfigProblems, NameTheFileThatIsMissing) {
    const Loaded loaded = loader_.load(path("nowhere.yaml"));
    EXPECT_EQ(loaded.snapshot, nullptr);
    EXPECT_THAT(loaded.problems.text(), HasSubstr("nowhere.yaml"));
    EXPECT_THAT(loaded.files, testing::Contains(path("nowhere.yaml")));
}

TEST_F(ConfigProblems, NameTheIncludedFile) {
    write("features/a.yaml", "features: {a: {variants: {x: {modle: large}}}}\n");
    const std::string said = problems_of(std::string("include: [features/*.yaml]\n") + kValid);
    EXPECT_THAT(said, HasSubstr("features/a.yaml:1:"));
    EXPECT_THAT(said, HasSubstr("did you mean \"model\"?"));
}

TEST_F(ConfigProblems, NameACertificateThatCannotBeRead) {
    std::string text = kValid;
    text.replace(text.find("{listen:"), 1, "{tls: {certificate: a.pem, private_key: a.key}, ");
    EXPECT_THAT(problems_of(text),
                testing::AllOf(testing::StartsWith("tidegate.yaml:1:10: server.tls: "), HasSubstr("a.pem")));
}

TEST_F(ConfigProblems, NeverShowASecret) {
    ::setenv("TIDEGATE_TEST_SECRET", "sk-\nhidden", 1);
    std::string text = kValid;
    text.replace(text.find("api_key: secret"), 15, "api_key: \"${TIDEGATE_TEST_SECRET}\"");
    const std::string said = problems_of(text);
    EXPECT_NE(said, "");
    EXPECT_THAT(said, Not(HasSubstr("hidden")));
}

}  // namespace
}  // namespace tidegate::config
