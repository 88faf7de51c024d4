// Secrets that are more than a prefix and a row of characters.
#include "guardrails/secrets.h"

#include <algorithm>

namespace tidegate::guardrails {
namespace {

constexpr std::size_t kLongestKeyLine = 80;
constexpr std::size_t kLongestPrivateKey = 8192;
constexpr std::size_t kLongestJwtHeader = 512;
constexpr std::size_t kLongestJwt = 4096;
constexpr std::size_t kJwtBeginning = 16;  // characters of the second part
constexpr std::size_t kLongestScheme = 16;
constexpr std::size_t kLongestUser = 64;
constexpr std::size_t kLongestPassword = 128;
constexpr std::size_t kAwsSecret = 40;

bool is_base64url(char c) {
    return is_letter_or_digit(c) || c == '-' || c == '_';
}

template <class Belongs>
std::size_t run_end(std::string_view text, std::size_t at, std::size_t most, Belongs belongs) {
    const std::size_t last = std::min(text.size(), at + most);
    while (at < last && belongs(text[at])) ++at;
    return at;
}

// `-----BEGIN RSA PRIVATE KEY-----`, or the line that ends one.
std::size_t key_line_length(std::string_view text, std::size_t at, std::string_view word) {
    constexpr std::string_view kDashes = "-----";
    const std::string_view line = text.substr(at, kLongestKeyLine);
    if (!line.starts_with(kDashes) || line.substr(kDashes.size(), word.size()) != word)
        return 0;
    const std::size_t end = line.find(kDashes, kDashes.size());
    if (end == std::string_view::npos || line.substr(0, end).find("PRIVATE KEY") == std::string_view::npos)
        return 0;
    return end + kDashes.size();
}

// Without an end line the key ends where its characters do.
std::size_t private_key_length(std::string_view text, std::size_t at) {
    const std::size_t head = key_line_length(text, at, "BEGIN ");
    if (head == 0)
        return 0;
    const std::string_view key = text.substr(at, kLongestPrivateKey - kLongestKeyLine);
    const std::size_t dashes = key.find("-----", head);
    if (dashes != std::string_view::npos) {
        const std::size_t end = key_line_length(text, at + dashes, "END ");
        if (end > 0)
            return dashes + end;
    }
    const auto is_body = [](char c) {
        return is_letter_or_digit(c) || std::string_view("+/=\r\n\\").find(c) != std::string_view::npos;
    };
    return run_end(key, head, key.size(), is_body);
}

// Where the first two parts of a token begin and end: 0 if there are none.
std::size_t jwt_second_part(std::string_view text, std::size_t at) {
    constexpr std::string_view kObject = "eyJ";  // {" in base64
    if (text.substr(at, kObject.size()) != kObject)
        return 0;
    const std::size_t dot = run_end(text, at, kLongestJwtHeader, is_base64url);
    return text.substr(dot, 4) == ".eyJ" ? dot + 1 : 0;
}

std::size_t jwt_length(std::string_view text, std::size_t at, Extent extent) {
    const std::size_t second = jwt_second_part(text, at);
    if (second == 0)
        return 0;
    const std::size_t beginning = run_end(text, second, kJwtBeginning, is_base64url);
    if (beginning < second + kJwtBeginning)
        return 0;
    if (extent == Extent::beginning)
        return beginning - at;
    const std::size_t second_end = run_end(text, second, at + kLongestJwt - second, is_base64url);
    if (text.substr(second_end, 1) != ".")
        return second_end - at;
    return run_end(text, second_end + 1, at + kLongestJwt - second_end, is_base64url) - at;
}

std::size_t url_credentials_length(std::string_view text, std::size_t at) {
    const auto is_scheme = [](char c) { return is_letter_or_digit(c) || c == '+'; };
    const auto is_part = [](char c) {
        return c > ' ' && std::string_view(":/@?#\"'`<>()[]{}").find(c) == std::string_view::npos;
    };
    const std::size_t scheme = run_end(text, at, kLongestScheme, is_scheme);
    if (text.substr(scheme, 3) != "://")
        return 0;
    const std::size_t user = run_end(text, scheme + 3, kLongestUser, is_part);
    if (text.substr(user, 1) != ":")
        return 0;
    const std::size_t password = run_end(text, user + 1, kLongestPassword, is_part);
    return password > user + 1 && text.substr(password, 1) == "@" ? password + 1 - at : 0;
}

bool names_aws_secret(std::string_view name) {
    std::string letters;
    for (const char c : name) {
        if (is_letter(c))
            letters += to_upper(c);
    }
    return letters == "AWSSECRETACCESSKEY" || letters == "SECRETACCESSKEY" || letters == "AWSSECRETKEY";
}

std::size_t aws_secret_key_length(std::string_view text, std::size_t at) {
    constexpr std::size_t kLongestName = 24;
    constexpr std::size_t kLongestGap = 8;
    const std::size_t name =
        run_end(text, at, kLongestName, [](char c) { return is_letter(c) || c == '_' || c == '-'; });
    if (!names_aws_secret(text.substr(at, name - at)))
        return 0;
    const std::size_t gap = run_end(text, name, kLongestGap, [](char c) {
        return std::string_view(" \t\"'`:=>").find(c) != std::string_view::npos;
    });
    const std::size_t end = run_end(text, gap, kAwsSecret + 1,
                                    [](char c) { return is_letter_or_digit(c) || c == '+' || c == '/'; });
    return gap > name && end == gap + kAwsSecret ? end - at : 0;
}

}  // namespace

Recogniser private_key_recogniser(Extent extent) {
    if (extent == Extent::whole)
        return {"private_key", "-", kLongestPrivateKey, private_key_length};
    return {"private_key", "-", kLongestKeyLine,
            [](std::string_view text, std::size_t at) { return key_line_length(text, at, "BEGIN "); }};
}

Recogniser jwt_recogniser(Extent extent) {
    const std::size_t longest =
        extent == Extent::whole ? kLongestJwt + 1 : kLongestJwtHeader + 1 + kJwtBeginning;
    return {"jwt", "e", longest,
            [extent](std::string_view text, std::size_t at) { return jwt_length(text, at, extent); }};
}

Recogniser url_credentials_recogniser() {
    return {"url_credentials", kLetters, kLongestScheme + 3 + kLongestUser + 1 + kLongestPassword + 1,
            url_credentials_length};
}

Recogniser aws_secret_key_recogniser() {
    return {"aws_secret_key", "aAsS", 24 + 8 + kAwsSecret, aws_secret_key_length};
}

}  // namespace tidegate::guardrails
