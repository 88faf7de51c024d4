#include "cli/admin_client.h"

#include <algorithm>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

namespace tidegate::cli {
namespace {

constexpr std::size_t kMostBytes = 256U << 20U;
constexpr Duration kConnect = std::chrono::seconds{3};
constexpr Duration kAnswer = std::chrono::seconds{30};
constexpr Duration kChange = std::chrono::minutes{2};

struct CurlCleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

long milliseconds(Duration duration) {
    return static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

std::size_t keep(const char* bytes, std::size_t size, std::size_t count, void* body) {
    auto& text = *static_cast<std::string*>(body);
    if (text.size() + size * count > kMostBytes)
        return 0;
    text.append(bytes, size * count);
    return size * count;
}

bool is_visible(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

Error unreachable(const std::string& url, CURLcode code, std::string_view details) {
    if (code == CURLE_URL_MALFORMAT)
        return {.kind = ErrorKind::invalid_input, .message = "TIDEGATE_ADMIN is not an address: " + url};
    const ErrorKind kind = code == CURLE_OPERATION_TIMEDOUT ? ErrorKind::timeout : ErrorKind::unavailable;
    return {.kind = kind,
            .source = ErrorSource::upstream,
            .message = fmt::format("no answer from the gateway at {}: {} (is it running? TIDEGATE_ADMIN says "
                                   "where its admin port is)",
                                   url, details.empty() ? curl_easy_strerror(code) : details)};
}

}  // namespace

std::string percent_encode(std::string_view text) {
    constexpr std::string_view others = "-._~";
    std::string out;
    for (const char c : text) {
        const bool stays = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           others.find(c) != std::string_view::npos;
        if (stays) {
            out += c;
        } else {
            out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

Result<AdminClient> AdminClient::make(std::string url, std::string token) {
    while (url.ends_with('/')) url.pop_back();
    const bool has_scheme = url.starts_with("http://") || url.starts_with("https://");
    if (!has_scheme || !is_visible(url) || url.find_first_of("?#@\\") != std::string::npos) {
        return Error{.kind = ErrorKind::invalid_input,
                     .message = "TIDEGATE_ADMIN must be an address like http://127.0.0.1:9900"};
    }
    if (!is_visible(token))
        return Error{.kind = ErrorKind::invalid_input,
                     .message = "TIDEGATE_TOKEN has a blank or a character that no token has"};
    return AdminClient(std::move(url), std::move(token));
}

Result<Reply> AdminClient::get(std::string_view path, const Query& query) const {
    std::string target(path);
    char separator = '?';
    for (const auto& [name, value] : query) {
        target += separator + percent_encode(name) + '=' + percent_encode(value);
        separator = '&';
    }
    return perform(target, false, kAnswer);
}

Result<Reply> AdminClient::post(std::string_view path) const {
    return perform(std::string(path), true, kChange);
}

Result<Reply> AdminClient::perform(const std::string& target, bool post, Duration timeout) const {
    const std::unique_ptr<CURL, CurlCleanup> handle(curl_easy_init());
    if (!handle)
        return Error{.message = "libcurl could not be started"};
    CURL* curl = handle.get();
    curl_slist* lines = curl_slist_append(nullptr, "accept: application/json");
    if (!token_.empty())
        lines = curl_slist_append(lines, ("authorization: Bearer " + token_).c_str());
    const std::unique_ptr<curl_slist, CurlCleanup> headers(lines);
    Reply reply;
    std::array<char, CURL_ERROR_SIZE> details{};
    const std::string url = url_ + target;
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");  // the token is for the gateway alone
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(kConnect));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds(timeout));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "tidegate");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details.data());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &keep);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply.body);
    if (post) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
    }
    const CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK)
        return unreachable(url_, code, details.data());
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
    return reply;
}

}  // namespace tidegate::cli
