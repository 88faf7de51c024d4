// What makes `hold` safe: a text that comes in pieces has the matches of the whole, wherever it is cut.
#include "guardrails/support.h"

#include <random>

#include <fmt/format.h>

namespace tidegate::guardrails {
namespace {

using test::disagreement;
using test::make;

// A check, and the pieces of text between which it has to decide: matches of every length up to the longest,
// and what may or may not stand beside one.
struct PiecesCase {
    std::string name;
    std::string options;
    std::vector<std::string> fragments;
};

std::ostream& operator<<(std::ostream& out, const PiecesCase& one) {
    return out << one.name;
}

PiecesCase pii(std::string_view category, std::vector<std::string> fragments) {
    fragments.insert(fragments.end(), {" ", ".", "-", "x", "7", "\\n", "é"});
    return {std::string(category), fmt::format("kind: pii, categories: [{}]", category), std::move(fragments)};
}

// Its groups separated by the longest separators there are.
std::string spread(std::string_view groups) {
    std::string text;
    for (const char c : groups) text += c == ' ' ? std::string("\u2009") : std::string(1, c);
    return text;
}

PiecesCase secret(std::string_view category, std::vector<std::string> fragments, std::string_view more = "") {
    fragments.insert(fragments.end(), {" ", "\\n", "x", "_", "=", "A"});
    return {fmt::format("{}{}", category, more.empty() ? "" : "_redacted"),
            fmt::format("kind: secrets, categories: [{}]{}", category, more), std::move(fragments)};
}

PiecesCase pattern(std::string_view name, std::string_view written, std::vector<std::string> fragments) {
    return {std::string(name), fmt::format("kind: forbidden, patterns: ['{}']", written), std::move(fragments)};
}

std::string domain(std::size_t size) {
    std::string text;
    while (text.size() + 3 < size) text += "b.";
    return text + "com";
}

std::vector<PiecesCase> all_cases() {
    const std::string key = "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zcD0f";
    const std::string random = key + key + key + key;
    return {
        pii("email", {"a@b.example", std::string(64, 'y'), "@", "b.com", "@" + domain(126), "@" + domain(127),
                      "@" + domain(128), "ü"}),
        pii("phone", {"+49 30 901820", "(415) 555-2671", "030 901820 34", "+1", "0", "(", ")", "/", "12", "345",
                      spread("+1 23 (4 56 (78 9 1 2 3")}),
        pii("card", {"4111 1111 1111 1111", "4111111111111111", spread("400 000 000 000 000 000 6"),
                     spread("400 000"), "000", "6"}),
        pii("iban", {"DE89 3704 0044 0532 0130 00", spread("RU 37 04 45 25 22 54 08 17 81 05 38 09131041A"),
                     "NO9386011117947", "DE89", "DE"}),
        pii("ip", {"192.0.2.1", "2001:db8::1", "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", ":",
                   "::", "ffff:", "255."}),
        pii("at_svnr", {spread("1237 010180"), "1237010180", "010180"}),
        pii("be_rrn", {spread("85 07 30 033 28"), "85073003328", "85"}),
        pii("ca_sin", {spread("130 692 544"), "130-", "692"}),
        pii("de_steuer_id", {spread("86 095 742 719"), "86095742719", "86 "}),
        pii("es_dni", {spread("12 345 678 Z"), "12345678", "Z"}),
        pii("es_nie", {spread("X 1234567 L"), "X1234567", "L", "X"}),
        pii("fi_hetu", {"131052-308T", "131052", "308T"}),
        pii("fr_nir", {spread("2 55 08 14 168 025 38"), "255081416802538", "2 "}),
        pii("gb_nino", {spread("AB 12 34 56 C"), "AB", "123456", "C"}),
        pii("it_codice_fiscale", {spread("RSS MRA 85T10 A562S"), "RSSMRA85T10A562S", "RSS"}),
        pii("nl_bsn", {spread("1112 22 333"), spread("111 222 333"), "111222333"}),
        pii("us_ssn", {spread("123 45 6789"), "123-45-6789", "123-"}),
        secret("openai_key", {"sk-" + key, "sk-", random, "sk-aB3"}),
        secret("aws_access_key", {"AKIAIOSFODNN7EXAMPLE", "AKIA", "IOSFODNN"}),
        secret("github_token", {"ghp_" + key + "1234", "ghp_", key, "github_pat_", random}),
        secret("sendgrid_key", {"SG.", random.substr(0, 69), ".", key}),
        secret("aws_secret_key", {"aws_secret_access_key = " + key + "12345678", "aws_secret_access_key",
                                  "SecretAccessKey", " \"  '  : ", ": ", key + "12345678", key, "12345678"}),
        secret("url_credentials",
               {"abcdefghijklmnop://" + std::string(64, 'u') + ":" + std::string(128, 'p') + "@",
                "https://u:p4ss@", "https://", "user", ":", "p4ss", "@", std::string(64, 'u'),
                std::string(127, 'p'), "abcdefghijklmnop://"}),
        secret("jwt", {"eyJ" + std::string(509, 'h') + ".eyJ" + std::string(13, 'p'),
                       "eyJ" + key + ".eyJ" + key, "eyJ" + key, ".", "eyJ", key, std::string(509, 'h')}),
        secret("private_key", {"-----BEGIN PRIVATE KEY-----", "-----", "BEGIN ", std::string(50, 'A'),
                               "PRIVATE KEY", "-----END PRIVATE KEY-----"}),
        secret("jwt",
               {"eyJ" + key + ".eyJ" + std::string(4056, 'p') + ".", "eyJ" + key + ".eyJ" + key, "eyJ" + key,
                ".", "eyJ", std::string(509, 'h'), std::string(2000, 'p')},
               ", input: redact"),
        pattern("literal", "full refund", {"full refund", "full", " ", "refund", "x"}),
        pattern("words", R"(\bword\b)", {"word", " ", "x", "_"}),
        pattern("edges", "^start|end$", {"start", "end", " "}),
        pattern("lines", "(?m)^a|b$", {"a", "b", "\n"}),
        pattern("doubled", "aa", {"a", "b"}),
        pattern("nested", "(?:ab|abc|bcd){1,3}", {"ab", "c", "bcd", "d"}),
        pattern("lazy", R"(\d{2,6}?5)", {"1", "5", "25", "x"}),
        pattern("optional", "ab?c?d?", {"a", "b", "c", "d"}),
        pattern("wide", "保.{1,4}款", {"保", "款", "证", "😀", "x"}),
        pattern("folded", "(?i)ks{1,9}",
                {"\u212A\u017F\u017F\u017F\u017F\u017F\u017F\u017F\u017F\u017F", "\u017F", "k", "S"}),
        pattern("classes", "[^a]{3}b", {"a", "b", "é", "😀"}),
        {"override",
         "kind: prompt_injection, categories: [override]",
         {"Ignore ", "all ", "of ", "your ", "previous ", "instructions", "\u00A0", "the ", "above", ":",
          "new "}},
        {"delimiters",
         "kind: prompt_injection, categories: [delimiters]",
         {"[INST]", "### System:", "\n", "#", " ", "<|im_start|>", "<|"}},
        {"hidden_text",
         "kind: prompt_injection, categories: [hidden_text]",
         {"\u200B\u200B\u200B", "\u200C", "a", "\U000E0041"}},
    };
}

class Pieces : public testing::TestWithParam<PiecesCase> {
  protected:
    // Short ones, and at least twice as long as the longest match.
    std::string random_text(std::size_t size) {
        const auto& fragments = GetParam().fragments;
        std::string text;
        while (text.size() < size) text += fragments[random_() % fragments.size()];
        return text;
    }

    std::shared_ptr<const Guardrail> guardrail_ = make(GetParam().options);
    std::mt19937 random_{20'240'115};
};

TEST_P(Pieces, HaveTheMatchesOfTheWhole) {
    std::size_t matches = 0;
    for (int round = 0; round < 150; ++round) {
        const std::string text = random_text(10 + random_() % 90);
        matches += test::places(*guardrail_->text, text).size();
        ASSERT_EQ(disagreement(*guardrail_->text, text), "");
    }
    EXPECT_GT(matches, 0U) << "nothing was tested";
}

TEST_P(Pieces, HaveTheMatchesOfTheWholeAcrossTheLongest) {
    const std::size_t longest = guardrail_->text->longest_match().value();
    for (int round = 0; round < 20; ++round) {
        const std::string text = random_text(std::min<std::size_t>(2 * longest + 20, 1500));
        ASSERT_EQ(disagreement(*guardrail_->text, text), "");
    }
}

// Each fragment, which may be a match of the greatest length, with each other behind it.
TEST_P(Pieces, HaveTheMatchesOfTheWholeAtTheEndOfEach) {
    const std::size_t longest = guardrail_->text->longest_match().value();
    for (const std::string& first : GetParam().fragments) {
        for (const std::string& second : GetParam().fragments) {
            const std::string text = " " + first + second + std::string(longest, ' ');
            std::vector<std::size_t> cuts;
            const auto whole = test::places(*guardrail_->text, text);
            for (std::size_t cut = 0; cut < text.size(); cut += 1 + longest / 700) cuts.push_back(cut);
            ASSERT_EQ(test::places_in_pieces(*guardrail_->text, text, cuts), whole) << text;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Checks, Pieces, testing::ValuesIn(all_cases()),
                         [](const testing::TestParamInfo<PiecesCase>& info) { return info.param.name; });

TEST(PiecesOfLongKeys, HaveTheMatchesOfTheWhole) {
    const auto guardrail = make("kind: secrets, input: redact");
    std::string key = "-----BEGIN PRIVATE KEY-----\n";
    for (int line = 0; line < 150; ++line)
        key += "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n";
    for (const std::size_t size :
         {std::size_t{100}, std::size_t{7000}, std::size_t{8100}, std::size_t{8112}, key.size()}) {
        const std::string text =
            "before " + key.substr(0, size) + "-----END PRIVATE KEY----- behind " + std::string(9000, ' ');
        const auto expected = test::places(*guardrail->text, text);
        for (std::size_t step : {std::size_t{64}, std::size_t{1000}, std::size_t{8191}}) {
            std::vector<std::size_t> cuts;
            for (std::size_t cut = step; cut < text.size(); cut += step) cuts.push_back(cut);
            ASSERT_EQ(test::places_in_pieces(*guardrail->text, text, cuts), expected)
                << size << " in steps of " << step;
        }
    }
}

// All at once: the matches of one decide where the others go on.
TEST(PiecesOfEverything, HaveTheMatchesOfTheWhole) {
    std::mt19937 random(7);
    const auto guardrail =
        make("kind: pii, categories: [email, phone, card, iban, ip, de_steuer_id, nl_bsn, pt_nif, us_ssn]");
    const std::vector<PiecesCase> cases = all_cases();
    for (int round = 0; round < 30; ++round) {
        std::string text;
        while (text.size() < 400) {
            const auto& fragments = cases[random() % 17].fragments;
            text += fragments[random() % fragments.size()];
        }
        ASSERT_EQ(disagreement(*guardrail->text, text), "");
    }
}

// Texts that would take minutes if a check were quadratic in the text.
TEST(LargeTexts, AreCheckedInLinearTime) {
    constexpr std::size_t kSize = 200'000;
    const std::string repeated[] = {"a",       "1",           "@",      "a@",     "1 ",
                                    "1.",      "12-",         "::",     "ab:",    "+1 ",
                                    "(0",      "eyJ.",        "sk-",    "-----",  "-----BEGIN PRIVATE KEY-----",
                                    "a://b:c", "ignore all ", "保",     "\u200B", "4111 ",
                                    "DE89 ",   "1.1.1.1.",    "x@y.z.", "0 ",     "http://u:"};
    const std::string_view checks[] = {
        "kind: pii, categories: [email, phone, card, iban, ip, de_steuer_id, fr_nir, it_codice_fiscale, "
        "us_ssn]",
        "kind: secrets, input: redact", "kind: prompt_injection",
        R"(kind: forbidden, patterns: ["(?:a|1){1,9}x", "x+y"])"};
    for (const std::string_view options : checks) {
        const auto guardrail = make(options);
        for (const std::string& one : repeated) {
            std::string text;
            while (text.size() < kSize) text += one;
            std::vector<Match> matches;
            guardrail->text->find(text, matches);
            EXPECT_LE(matches.size(), text.size());
        }
    }
}

}  // namespace
}  // namespace tidegate::guardrails
