// Keys that their makers have given a prefix, so that they can be found.
#include "guardrails/secrets.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>

namespace tidegate::guardrails {
namespace {

enum class Alphabet { alphanumeric, base64, base64url, upper, hexadecimal, dotted };

struct KeyPrefix {
    std::string_view category;
    std::string_view prefix;
    Alphabet alphabet = Alphabet::alphanumeric;  // of what follows
    std::size_t least = 0;                       // characters of it
    std::size_t most = 0;                        // more are not looked at; as `least`: exactly
};

// The narrower prefix first.
constexpr KeyPrefix kKeyPrefixes[] = {
    {"anthropic_key", "sk-ant-", Alphabet::base64url, 24, 160},
    {"openai_key", "sk-", Alphabet::base64url, 20, 200},  // and others that took its shape
    {"aws_access_key", "AKIA", Alphabet::upper, 16, 16},
    {"aws_access_key", "ASIA", Alphabet::upper, 16, 16},
    {"azure_storage_key", "AccountKey=", Alphabet::base64, 80, 88},
    {"databricks_token", "dapi", Alphabet::hexadecimal, 32, 32},
    {"digitalocean_token", "dop_v1_", Alphabet::hexadecimal, 64, 64},
    {"github_token", "ghp_", Alphabet::alphanumeric, 36, 36},
    {"github_token", "gho_", Alphabet::alphanumeric, 36, 36},
    {"github_token", "ghu_", Alphabet::alphanumeric, 36, 36},
    {"github_token", "ghs_", Alphabet::alphanumeric, 36, 36},
    {"github_token", "ghr_", Alphabet::alphanumeric, 36, 80},
    {"github_token", "github_pat_", Alphabet::base64url, 60, 100},
    {"gitlab_token", "glpat-", Alphabet::base64url, 20, 64},
    {"google_key", "AIza", Alphabet::base64url, 35, 35},
    {"google_oauth_token", "ya29.", Alphabet::base64url, 30, 200},
    {"google_oauth_token", "GOCSPX-", Alphabet::base64url, 28, 28},
    {"groq_key", "gsk_", Alphabet::alphanumeric, 40, 64},
    {"huggingface_token", "hf_", Alphabet::alphanumeric, 30, 64},
    {"npm_token", "npm_", Alphabet::alphanumeric, 36, 36},
    {"perplexity_key", "pplx-", Alphabet::alphanumeric, 32, 64},
    {"pypi_token", "pypi-AgEI", Alphabet::base64url, 50, 200},
    {"replicate_token", "r8_", Alphabet::alphanumeric, 37, 40},
    {"sendgrid_key", "SG.", Alphabet::dotted, 60, 72},
    {"shopify_token", "shpat_", Alphabet::hexadecimal, 32, 32},
    {"shopify_token", "shpss_", Alphabet::hexadecimal, 32, 32},
    {"slack_token", "xoxb-", Alphabet::base64url, 20, 100},
    {"slack_token", "xoxp-", Alphabet::base64url, 20, 100},
    {"slack_token", "xoxa-", Alphabet::base64url, 20, 100},
    {"slack_token", "xoxr-", Alphabet::base64url, 20, 100},
    {"slack_token", "xoxs-", Alphabet::base64url, 20, 100},
    {"slack_token", "xapp-", Alphabet::base64url, 20, 120},
    {"stripe_key", "sk_live_", Alphabet::alphanumeric, 20, 128},
    {"stripe_key", "rk_live_", Alphabet::alphanumeric, 20, 128},
    {"stripe_key", "sk_test_", Alphabet::alphanumeric, 20, 128},
    {"stripe_key", "whsec_", Alphabet::alphanumeric, 24, 64},
    {"vault_token", "hvs.", Alphabet::base64url, 24, 128},
    {"xai_key", "xai-", Alphabet::alphanumeric, 60, 100},
};

bool belongs(Alphabet alphabet, char c) {
    switch (alphabet) {
        case Alphabet::alphanumeric:
            return is_letter_or_digit(c);
        case Alphabet::base64:
            return is_letter_or_digit(c) || c == '+' || c == '/' || c == '=';
        case Alphabet::base64url:
            return is_letter_or_digit(c) || c == '-' || c == '_';
        case Alphabet::upper:
            return is_digit(c) || (c >= 'A' && c <= 'Z');
        case Alphabet::hexadecimal:
            return is_digit(c) || (c >= 'a' && c <= 'f');
        case Alphabet::dotted:
            return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
    }
    return false;
}

// Names and placeholders (`sk-learn-some-long-name`, `sk-xxxxxxxx`) are no random text.
bool looks_random(std::string_view key) {
    const bool digits = std::any_of(key.begin(), key.end(), is_digit);
    const bool upper = std::any_of(key.begin(), key.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    const bool lower = std::any_of(key.begin(), key.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    std::bitset<128> distinct;
    for (const char c : key) distinct.set(static_cast<unsigned char>(c) & 127U);
    return (digits || (upper && lower)) && distinct.count() >= 8;
}

std::size_t key_length(const KeyPrefix& shape, std::string_view text, std::size_t at) {
    if (text.substr(at, shape.prefix.size()) != shape.prefix)
        return 0;
    const std::size_t begin = at + shape.prefix.size();
    std::size_t end = begin;
    while (end < text.size() && end < begin + shape.most && belongs(shape.alphabet, text[end])) ++end;
    const std::string_view key = text.substr(begin, end - begin);
    const bool exact = shape.least == shape.most;
    if (key.size() < shape.least || !looks_random(key) || (exact && !token_ends(text, end)))
        return 0;
    return end - at;
}

}  // namespace

std::vector<Recogniser> prefixed_key_recognisers() {
    std::vector<Recogniser> recognisers;
    for (const KeyPrefix& shape : kKeyPrefixes) {
        recognisers.push_back(
            {shape.category, shape.prefix.substr(0, 1), shape.prefix.size() + shape.most,
             [&shape](std::string_view text, std::size_t at) { return key_length(shape, text, at); }});
    }
    return recognisers;
}

}  // namespace tidegate::guardrails
