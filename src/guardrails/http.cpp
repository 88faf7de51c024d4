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

constexpr Duration kHttpTimeout = std::chrono::seconds{2};
constexpr std::size_t kLargestVerdict = 64U << 10U;
constexpr std::string_view kJsonLines = "content-type: application/json\r\naccept: application/json\r\n";

struct HttpOptions {
    upstream::Target target;
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
        request.endpoint = options_.target.endpoint;
        request.path = options_.target.path;
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
        return wrap(cause, fmt::format("{} gave no verdict", options_.target.endpoint->name()));
    }

    HttpOptions options_;
    std::function<upstream::Client&(async::IoThread&)> client_;
};

}  // namespace

void make_http(const yaml::Cursor& at, Making making) {
    HttpOptions options;
    upstream::EndpointOptions endpoint = making.context.outbound;
    endpoint.name = fmt::format("the guardrail {}", making.guardrail.name);
    const std::string url = at["url"].text();
    at["headers"].each_entry([&](const std::string& name, const yaml::Cursor& value) {
        endpoint.headers.emplace_back(name, value.text());
    });
    options.timeout = at["timeout"].duration(kHttpTimeout);
    endpoint.timeouts.connect = std::min(endpoint.timeouts.connect, options.timeout);
    options.categories = at["categories"].text_list();
    if (url.empty())
        return;
    auto target = upstream::make_target(url, std::move(endpoint));
    if (!target) {
        at["url"].problem(target.error().message);
        return;
    }
    options.target = std::move(*target);
    making.endpoints.push_back(options.target.endpoint->key());
    making.guardrail.remote = std::make_unique<HttpCheck>(std::move(options), making.context.client);
}

}  // namespace tidegate::guardrails
