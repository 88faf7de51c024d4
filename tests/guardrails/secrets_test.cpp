// Keys by their shapes. All of these are made up.
#include "guardrails/support.h"

#include <fmt/format.h>

namespace tidegate::guardrails {
namespace {

using test::categories;
using test::found;
using test::make;
using testing::ElementsAre;
using testing::IsEmpty;

// Text of some letters and digits that looks random and is no key of anybody.
std::string random_text(std::size_t size, std::string_view alphabet = "aB3dE6gH9jK2mN5pQ8sT1vW4xY7z") {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += alphabet[(i * 11 + i / 7) % alphabet.size()];
    return text;
}

std::string hexadecimal(std::size_t size) {
    return random_text(size, "0123456789abcdef");
}

std::string upper(std::size_t size) {
    return random_text(size, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
}

struct KeyExample {
    std::string_view category;
    std::string key;
};

std::ostream& operator<<(std::ostream& out, const KeyExample& example) {
    return out << example.key;
}

class PrefixedKey : public testing::TestWithParam<KeyExample> {
  protected:
    std::shared_ptr<const Guardrail> guardrail_ = make("kind: secrets");
};

TEST_P(PrefixedKey, IsFoundWhereItStands) {
    const auto& [category, key] = GetParam();
    const std::string match = std::string(category) + ":" + key;
    EXPECT_THAT(found(*guardrail_->text, key), ElementsAre(match));
    EXPECT_THAT(found(*guardrail_->text, "export KEY=\"" + key + "\"\n"), ElementsAre(match));
    EXPECT_THAT(found(*guardrail_->text, "Authorization: Bearer " + key + ", then"), ElementsAre(match));
    // Escaped, as text in JSON that was quoted once more.
    EXPECT_THAT(found(*guardrail_->text, "key:\\n" + key + "\\n"), ElementsAre(match));
}

TEST_P(PrefixedKey, IsNoPartOfAWord) {
    EXPECT_THAT(found(*guardrail_->text, "x" + GetParam().key), IsEmpty());
}

TEST_P(PrefixedKey, IsNothingWhenItsEndIsMissing) {
    const std::string& key = GetParam().key;
    EXPECT_THAT(found(*guardrail_->text, key.substr(0, 12)), IsEmpty());
}

TEST_P(PrefixedKey, IsFoundWithItsCategoryAlone) {
    const auto& [category, key] = GetParam();
    EXPECT_THAT(categories(*make(fmt::format("kind: secrets, categories: [{}]", category))->text, key),
                ElementsAre(category));
}

INSTANTIATE_TEST_SUITE_P(
    Makers, PrefixedKey,
    testing::Values(KeyExample{"anthropic_key", "sk-ant-api03-" + random_text(80)},
                    KeyExample{"openai_key", "sk-" + random_text(48)},
                    KeyExample{"openai_key", "sk-proj-" + random_text(100)},
                    KeyExample{"aws_access_key", "AKIA" + upper(16)},
                    KeyExample{"aws_access_key", "ASIA" + upper(16)},
                    KeyExample{"azure_storage_key", "AccountKey=" + random_text(86) + "=="},
                    KeyExample{"databricks_token", "dapi" + hexadecimal(32)},
                    KeyExample{"digitalocean_token", "dop_v1_" + hexadecimal(64)},
                    KeyExample{"github_token", "ghp_" + random_text(36)},
                    KeyExample{"github_token", "gho_" + random_text(36)},
                    KeyExample{"github_token", "ghu_" + random_text(36)},
                    KeyExample{"github_token", "ghs_" + random_text(36)},
                    KeyExample{"github_token", "ghr_" + random_text(40)},
                    KeyExample{"github_token", "github_pat_" + random_text(22) + "_" + random_text(59)},
                    KeyExample{"gitlab_token", "glpat-" + random_text(20)},
                    KeyExample{"google_key", "AIza" + random_text(35)},
                    KeyExample{"google_oauth_token", "ya29." + random_text(60)},
                    KeyExample{"google_oauth_token", "GOCSPX-" + random_text(28)},
                    KeyExample{"groq_key", "gsk_" + random_text(52)},
                    KeyExample{"huggingface_token", "hf_" + random_text(34)},
                    KeyExample{"npm_token", "npm_" + random_text(36)},
                    KeyExample{"perplexity_key", "pplx-" + random_text(48)},
                    KeyExample{"pypi_token", "pypi-AgEI" + random_text(150)},
                    KeyExample{"replicate_token", "r8_" + random_text(37)},
                    KeyExample{"sendgrid_key", "SG." + random_text(22) + "." + random_text(43)},
                    KeyExample{"shopify_token", "shpat_" + hexadecimal(32)},
                    KeyExample{"shopify_token", "shpss_" + hexadecimal(32)},
                    KeyExample{"slack_token", "xoxb-" + random_text(40)},
                    KeyExample{"slack_token", "xoxp-" + random_text(40)},
                    KeyExample{"slack_token", "xoxa-" + random_text(40)},
                    KeyExample{"slack_token", "xoxr-" + random_text(40)},
                    KeyExample{"slack_token", "xoxs-" + random_text(40)},
                    KeyExample{"slack_token", "xapp-" + random_text(40)},
                    KeyExample{"stripe_key", "sk_live_" + random_text(24)},
                    KeyExample{"stripe_key", "rk_live_" + random_text(24)},
                    KeyExample{"stripe_key", "sk_test_" + random_text(24)},
                    KeyExample{"stripe_key", "whsec_" + random_text(32)},
                    KeyExample{"vault_token", "hvs." + random_text(90)},
                    KeyExample{"xai_key", "xai-" + random_text(80)}));

class Secrets : public testing::Test {
  protected:
    std::vector<std::string> find(std::string_view text) const { return found(*guardrail_->text, text); }

    std::shared_ptr<const Guardrail> guardrail_ = make("kind: secrets");
    // Matches all of a key, as redacting it needs.
    std::shared_ptr<const Guardrail> redacting_ = test::parse_one("kind: secrets, input: redact").g;
};

TEST_F(Secrets, LeavesNamesAndPlaceholders) {
    EXPECT_THAT(find("sk-learn-estimators-and-some-more"), IsEmpty());
    EXPECT_THAT(find("sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), IsEmpty());
    EXPECT_THAT(find("sk-1111111111111111111111111111"), IsEmpty());
    EXPECT_THAT(find("npm_config_registry_and_other_names_of_variables"), IsEmpty());
    EXPECT_THAT(find("AKIAAAAAAAAAAAAAAAAA"), IsEmpty());
    EXPECT_THAT(find("AKIA" + upper(17)), IsEmpty()) << "it has one character too many";
}

TEST_F(Secrets, FindsAwsSecretsByTheirNames) {
    const std::string key = random_text(38) + "/+";
    for (const std::string_view name : {"aws_secret_access_key = ", "AWS_SECRET_ACCESS_KEY=",
                                        "\"SecretAccessKey\": \"", "aws-secret-key: "}) {
        const std::string text = std::string(name) + key + "\n";
        EXPECT_THAT(categories(*guardrail_->text, text), ElementsAre("aws_secret_key")) << text;
    }
    EXPECT_THAT(find("aws_secret_access_key = " + key + "x"), IsEmpty());
    EXPECT_THAT(find("aws_secret_access_key = " + key.substr(1)), IsEmpty());
    EXPECT_THAT(find("some_name = " + key), IsEmpty());
}

TEST_F(Secrets, FindsCredentialsInUrls) {
    EXPECT_THAT(find("postgres://app:s3cr3t@db.example:5432/app"),
                ElementsAre("url_credentials:postgres://app:s3cr3t@"));
    EXPECT_THAT(find("see https://user:pa55@example.com/x"), ElementsAre("url_credentials:https://user:pa55@"));
    EXPECT_THAT(find("redis://:pa55@cache.example"), ElementsAre("url_credentials:redis://:pa55@"));
    EXPECT_THAT(find("https://example.com:8080/@someone"), IsEmpty());
    EXPECT_THAT(find("https://user@example.com/"), IsEmpty());
    EXPECT_THAT(find("https://user:@example.com/"), IsEmpty());
    EXPECT_THAT(find("ratio 3:4 @ noon ://a:b@"), IsEmpty());
}

TEST_F(Secrets, FindsTokensOfThreeParts) {
    const std::string header = "eyJ" + random_text(33);
    const std::string payload = "eyJ" + random_text(100);
    const std::string token = header + "." + payload + "." + random_text(43);
    EXPECT_THAT(found(*redacting_->text, "Bearer " + token + " and"), ElementsAre("jwt:" + token));
    EXPECT_THAT(find("Bearer " + token + " and"), ElementsAre("jwt:" + header + "." + payload.substr(0, 16)))
        << "its beginning is enough to stop a text";
    EXPECT_THAT(find(header + "." + random_text(100) + "." + random_text(43)), IsEmpty());
    EXPECT_THAT(find(header + ".eyJshort"), IsEmpty());
    EXPECT_THAT(find(header), IsEmpty());
}

TEST_F(Secrets, FindsPrivateKeysToTheirEndLine) {
    std::string key = "-----BEGIN RSA PRIVATE KEY-----\n";
    for (int line = 0; line < 50; ++line) key += random_text(64) + "\n";
    key += "-----END RSA PRIVATE KEY-----";
    EXPECT_THAT(found(*redacting_->text, "Here:\n" + key + "\nThanks"), ElementsAre("private_key:" + key));
    EXPECT_THAT(find("Here:\n" + key), ElementsAre("private_key:-----BEGIN RSA PRIVATE KEY-----"));
    // Quoted in JSON.
    const std::string escaped =
        "-----BEGIN PRIVATE KEY-----\\n" + random_text(64) + "\\n-----END PRIVATE KEY-----";
    EXPECT_THAT(found(*redacting_->text, "{\"private_key\":\"" + escaped + "\\n\"}"),
                ElementsAre("private_key:" + escaped));
    const std::string pgp = "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n" + random_text(64) +
                            "\n-----END PGP PRIVATE KEY BLOCK-----";
    EXPECT_THAT(found(*redacting_->text, pgp), ElementsAre("private_key:" + pgp));
}

TEST_F(Secrets, FindsAPrivateKeyWhoseEndIsMissing) {
    const std::string key =
        "-----BEGIN EC PRIVATE KEY-----\n" + random_text(64) + "\n" + random_text(64) + "\n";
    EXPECT_THAT(found(*redacting_->text, key), ElementsAre("private_key:" + key));
    EXPECT_THAT(found(*redacting_->text, "Write -----BEGIN PRIVATE KEY----- first, then the rest"),
                ElementsAre("private_key:-----BEGIN PRIVATE KEY-----"));
}

TEST_F(Secrets, LeavesPublicKeysAndCertificates) {
    EXPECT_THAT(find("-----BEGIN PUBLIC KEY-----\n" + random_text(64) + "\n-----END PUBLIC KEY-----"),
                IsEmpty());
    EXPECT_THAT(find("-----BEGIN CERTIFICATE-----\n" + random_text(64) + "\n-----END CERTIFICATE-----"),
                IsEmpty());
    EXPECT_THAT(find("-----BEGIN PRIVATE KEY"), IsEmpty());
}

TEST_F(Secrets, HoldsLongOnlyWhereLongKeysAreRedacted) {
    EXPECT_LE(guardrail_->text->longest_match(), 600U);
    EXPECT_GT(redacting_->text->longest_match(), 8000U);
    const auto short_keys =
        test::parse_one("kind: secrets, categories: [openai_key, github_token], input: redact").g;
    EXPECT_LE(short_keys->text->longest_match(), 210U);
}

}  // namespace
}  // namespace tidegate::guardrails
