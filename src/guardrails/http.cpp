// An external moderation service: `{"text": …, "direction": …}` is sent, a verdict comes back.
#include "guardrails/kinds.h"
#include "guardrails/verdict.h"

#include <tidegate/base/text.h>
#include <tidegate/upstream/client.h>

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace tidegate::guardrails {
namespace {

constexpr Duration kHttpTimeout = std::chrono::seconds{1};
constexpr std::size_t kLargestVerdict = 64U << 10U;
constexpr std::string_view kJsonLines = "content-type: application/json\r\naccept: application/json\r\n";

struct HttpOptions {
    std::shared_ptr<const upstream::Endpoint> endpoint;
    std::string path;  // with its query
    Duration timeout = kHttpTimeout;
    std::vector<std::string> categories;
};

std::string request_body(const Question& question) {
    std::string body = "{\"text\":";
    append_json_string(body, question.text);
    body += ",\"direction\":";
    append_json_string(body, to_string(question.direction));
    body += '}';
    return body;
}

class HttpCheck final : public RemoteCheck {
  public:
    HttpCheck(HttpOptions options, std::function<upstream::Client&(async::IoThread&)> client)
        : options_(std::move(options)), client_(std::move(client)) {}

    async::Task<Result<std::vector<std::string>>> ask(async::IoThread& io, const Question& question,
                                                      async::Cancellation& cancellation) const override {
        const std::string body = request_body(question);
        upstream::Request request;
        request.endpoint = options_.endpoint;
        request.path = options_.path;
        request.headers = kJsonLines;
        request.body = body;
        request.total_deadline = std::min(question.deadline, io.clock().steady() + options_.timeout);
        request.first_byte_deadline = request.total_deadline;
        if (request.total_deadline <= io.clock().steady())
            co_return failed({ErrorKind::timeout, ErrorSource::gateway, "no time was left"});
        upstream::Client& client = client_(io);
        auto outcome = co_await client.send(request, cancellation);
        if (!outcome)
            co_return failed(outcome.error().error);
        const std::unique_ptr<upstream::Response> response = std::move(*outcome);
        std::string answer;
        const auto read = co_await response->read_all(answer, kLargestVerdict);
        if (!read)
            co_return failed(read.error());
        if (response->status() != 200) {
            co_return failed({ErrorKind::unavailable, ErrorSource::upstream,
                              fmt::format("the service answered {}", response->status())});
        }
        auto verdict = read_verdict(answer, options_.categories);
        if (!verdict)
            co_return failed(verdict.error());
        co_return std::move(*verdict);
    }

  private:
    Error failed(const Error& cause) const {
        return wrap(cause, fmt::format("{} gave no verdict", options_.endpoint->name()));
    }

    HttpOptions options_;
    std::function<upstream::Client&(async::IoThread&)> client_;
};

// The address of the server, and what is asked for there.
struct SplitUrl {
    std::string base;
    std::string path;
};

SplitUrl split_url(const std::string& url) {
    const std::size_t scheme = url.find("://");
    const std::size_t host = scheme == std::string::npos ? 0 : scheme + 3;
    const std::size_t path = std::min(url.find_first_of("/?", host), url.size());
    SplitUrl split{url.substr(0, path), url.substr(path)};
    if (!split.path.starts_with('/'))
        split.path.insert(0, "/");
    return split;
}

bool is_path(std::string_view path) {
    return std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c <= '~' && c != '#'; });
}

}  // namespace

void make_http(const yaml::Cursor& at, Making making) {
    HttpOptions options;
    upstream::EndpointOptions endpoint = making.context.outbound;
    endpoint.name = fmt::format("the guardrail {}", making.guardrail.name);
    const std::string url = at["url"].text();
    const SplitUrl split = split_url(url);
    endpoint.base_url = split.base;
    options.path = split.path;
    at["headers"].each_entry([&](const std::string& name, const yaml::Cursor& value) {
        endpoint.headers.emplace_back(name, value.text());
    });
    options.timeout = at["timeout"].duration(kHttpTimeout);
    endpoint.timeouts.connect = std::min(endpoint.timeouts.connect, options.timeout);
    options.categories = at["categories"].text_list();
    if (url.empty())
        return;
    if (!is_path(options.path)) {
        at["url"].problem("escape what is no plain ASCII in the path (`%20`), and leave out the fragment");
        return;
    }
    auto made = upstream::make_endpoint(std::move(endpoint));
    if (!made) {
        at["url"].problem(made.error().message);
        return;
    }
    options.endpoint = std::move(*made);
    making.endpoints.push_back(options.endpoint->key());
    making.guardrail.remote = std::make_unique<HttpCheck>(std::move(options), making.context.client);
}

}  // namespace tidegate::guardrails
