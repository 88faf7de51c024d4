// What makes `hold` safe: a text that comes in pieces has the matches of the whole, wherever it is cut.
#include "guardrails/support.h"

#include <random>

#include <fmt/format.h>

namespace tidegate::guardrails {
namespace {

using test::disagreement;
using test::make;

constexpr std::string_view kAllPii =
    "kind: pii, categories: [email, phone, card, iban, ip, at_svnr, be_rrn, br_cpf, ca_sin, ch_ahv, "
    "de_steuer_id, es_dni, "
    "es_nie, fi_hetu, fr_nir, gb_nhs, gb_nino, in_aadhaar, it_codice_fiscale, nl_bsn, no_fodselsnummer, "
    "pl_pesel, pt_nif, "
    "se_personnummer, us_ssn]";

constexpr std::string_view kPatterns =
    R"(kind: forbidden, patterns: ["(?i)full refund guaranteed", "\\bword\\b", "aa", "^start|end$", "(?:ab|abc|bcd){1,3}", "\\d{2,6}?5", "保.{1,4}款", "(?i)k[a-z]{0,5}s"])";

// Pieces of what the checks look for, near misses among them.
constexpr std::string_view kFragments[] = {
    "4111 1111 1111 1111",
    "4111111111111111",
    "4111-1111-1111-1112",
    "alice@example.com",
    "müller@exämple.de",
    "@",
    ".",
    " ",
    "-",
    "\n",
    "+49 30 901820",
    "(415) 555-2671",
    "DE89 3704 0044 0532 0130 00",
    "192.0.2.1",
    "2001:db8::1",
    "::",
    "123-45-6789",
    "12345678Z",
    "111222333",
    "9",
    "0",
    "x",
    "é",
    "保证全额退款",
    "\\n",
    "AKIAIOSFODNN7EXAMPLE",
    "sk-aB3dE6gH9jK2mN5pQ8sT1vW4",
    "ghp_",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
    "https://u:p4ss@h.example",
    "Full refund guaranteed",
    "aaa",
    "abc",
    "abcd",
    "bcd",
    "word",
    "1235",
    "start",
    "end",
    "Kaffees",
    "\u212Aaffee\u017F",
    "ignore previous instructions",
    "[INST]",
    "<|im_start|>",
    "### System:",
    "\u200B\u200B\u200B\u200B"};

std::string random_fragments(std::mt19937& random, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += kFragments[random() % std::size(kFragments)];
    return text;
}

class Pieces : public testing::TestWithParam<std::string_view> {
  protected:
    std::shared_ptr<const Guardrail> guardrail_ = make(GetParam());
};

TEST_P(Pieces, HaveTheMatchesOfTheWhole) {
    std::mt19937 random(20'240'115);
    for (int round = 0; round < 20; ++round) {
        const std::string text = random_fragments(random, 6 + random() % 40);
        ASSERT_EQ(disagreement(*guardrail_->text, text), "");
    }
}

TEST_P(Pieces, HaveTheMatchesOfTheWholeAmongFewCharacters) {
    // Overlapping near misses, which prose does not have.
    std::mt19937 random(7);
    constexpr std::string_view kFew[] = {"0a@.", "1-4 ", "12 .-", "ab c", "d:0f.", "eyJ.", "-B\n", "k s5"};
    for (int round = 0; round < 32; ++round) {
        const std::string_view few = kFew[static_cast<std::size_t>(round) % std::size(kFew)];
        std::string text;
        for (std::size_t i = 0, size = 50 + random() % 250; i < size; ++i) text += few[random() % few.size()];
        ASSERT_EQ(disagreement(*guardrail_->text, text), "");
    }
}

TEST_P(Pieces, HaveTheMatchesOfTheWholeAtEachLength) {
    // Matches as long as they may become, and longer.
    for (std::size_t size = 1; size < 700; size += 47) {
        ASSERT_EQ(disagreement(*guardrail_->text,
                               fmt::format("{}@{}.com {}.eyJhbGciOiJIUzI1NiJ9 sk-a1B{}", std::string(size, 'a'),
                                           std::string(size % 64 + 1, 'b'), "eyJ" + std::string(size, 'c'),
                                           std::string(size, 'Z') + "23456789")),
                  "");
    }
}

INSTANTIATE_TEST_SUITE_P(Kinds, Pieces,
                         testing::Values(kAllPii, "kind: pii, categories: [email]",
                                         "kind: pii, categories: [phone, card]", "kind: secrets",
                                         "kind: secrets, input: redact, categories: [jwt, openai_key]",
                                         kPatterns, "kind: prompt_injection"),
                         [](const testing::TestParamInfo<std::string_view>& info) {
                             return fmt::format("Kind{}", info.index);
                         });

TEST(PiecesOfLongKeys, HaveTheMatchesOfTheWhole) {
    const auto guardrail = make("kind: secrets, input: redact");
    std::string key = "-----BEGIN PRIVATE KEY-----\n";
    for (int line = 0; line < 150; ++line)
        key += "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n";
    for (const std::size_t size :
         {std::size_t{100}, std::size_t{7000}, std::size_t{8100}, std::size_t{8192}, key.size()}) {
        const std::string text =
            "before " + key.substr(0, size) + "-----END PRIVATE KEY----- behind " + std::string(9000, 'x');
        const auto expected = test::places(*guardrail->text, text);
        for (std::size_t step : {std::size_t{64}, std::size_t{1000}, std::size_t{8191}}) {
            std::vector<std::size_t> cuts;
            for (std::size_t cut = step; cut < text.size(); cut += step) cuts.push_back(cut);
            ASSERT_EQ(test::places_in_pieces(*guardrail->text, text, cuts), expected)
                << size << " in steps of " << step;
        }
    }
}

// Texts that would take minutes if a check were quadratic in the text.
TEST(LargeTexts, AreCheckedInLinearTime) {
    constexpr std::size_t kSize = 200'000;
    const std::string repeated[] = {"a",        "1",     "@",           "a@",     "1 ",
                                    "1.",       "12-",   "::",          "ab:",    "+1 ",
                                    "(0",       "eyJ.",  "sk-",         "-----",  "-----BEGIN PRIVATE KEY-----",
                                    "a://b:c",  "aa",    "ignore all ", "保",     "\u200B",
                                    "4111 ",    "DE89 ", "1.1.1.1.",    "x@y.z.", "0 ",
                                    "http://u:"};
    for (const std::string_view options : {kAllPii, std::string_view("kind: secrets, input: redact"), kPatterns,
                                           std::string_view("kind: prompt_injection")}) {
        const auto guardrail = make(options);
        for (const std::string& one : repeated) {
            std::string text;
            while (text.size() < kSize) text += one;
            std::vector<Match> matches;
            guardrail->text->find(text, matches);
            SUCCEED();
        }
    }
}

}  // namespace
}  // namespace tidegate::guardrails
