// Asks the admin API of a running gateway.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::cli {

struct Reply {
    int status = 0;
    std::string body;
};

using Query = std::vector<std::pair<std::string, std::string>>;

// "a b/c" → "a%20b%2Fc"
std::string percent_encode(std::string_view text);

class AdminClient {
  public:
    // `url` like "http://127.0.0.1:9900"; `token` may be empty. `invalid_input` if they cannot be used.
    static Result<AdminClient> make(std::string url, std::string token);

    const std::string& url() const { return url_; }

    // `unavailable` or `timeout` when there is nobody. No redirects, no proxies; blocks.
    Result<Reply> get(std::string_view path, const Query& query = {}) const;
    // Without a body; may take minutes.
    Result<Reply> post(std::string_view path) const;

  private:
    AdminClient(std::string url, std::string token) : url_(std::move(url)), token_(std::move(token)) {}
    Result<Reply> perform(const std::string& target, bool post, Duration timeout) const;

    std::string url_;
    std::string token_;
};

}  // namespace tidegate::cli
