// A real server with services that remember what they were asked.
#pragma once

#include <tidegate/admin/server.h>
#include <tidegate/base/clock.h>

#include <atomic>
#include <set>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tidegate::admin::testing {

using nlohmann::json;
namespace beast_http = boost::beast::http;

struct Reply {
    int status = 0;
    std::map<std::string, std::string> headers;  // lower-case names
    std::string body;

    std::string header(const std::string& name) const {
        const auto found = headers.find(name);
        return found == headers.end() ? "" : found->second;
    }
    std::string code() const { return header("x-tidegate-error"); }
    json parsed() const { return json::parse(body); }
};

// Sends one request on a connection of its own. `headers` are whole lines; `host` may be empty to leave it out.
inline Reply ask(const std::string& address, std::string_view method, std::string_view target,
                 std::string_view headers = {}, std::string_view host = "localhost",
                 std::string_view body = {}) {
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    const auto colon = address.rfind(':');
    socket.connect({boost::asio::ip::make_address(address.substr(0, colon)),
                    static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1)))});
    std::string request = fmt::format("{} {} HTTP/1.1\r\nconnection: close\r\n{}", method, target, headers);
    if (!host.empty())
        request += fmt::format("host: {}\r\n", host);
    if (method == "POST" || !body.empty())
        request += fmt::format("content-length: {}\r\n", body.size());
    request += "\r\n";
    request += body;
    boost::asio::write(socket, boost::asio::buffer(request));
    boost::beast::flat_buffer buffer;
    beast_http::response_parser<beast_http::string_body> parser;
    parser.skip(method == "HEAD");
    boost::system::error_code error;
    beast_http::read(socket, buffer, parser, error);
    EXPECT_FALSE(error) << error.message() << " for " << target;
    Reply reply;
    reply.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get()) {
        std::string name(field.name_string());
        std::ranges::transform(name, name.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
        reply.headers.emplace(name, std::string(field.value()));
    }
    reply.body = parser.get().body();
    return reply;
}

// "2026-01-01T00:00:00Z" is when the clock stands.
class AdminTest : public ::testing::Test {
  protected:
    static constexpr WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

    void start(Options options = {}, std::string address = "127.0.0.1:0") {
        http::ListenerOptions listener;
        listener.address = std::move(address);
        auto server = Server::start(listener, std::move(options), services(), clock_);
        ASSERT_TRUE(server) << server.error().text();
        server_ = std::move(*server);
    }

    Services services() {
        Services services;
        services.metrics_text = [] { return std::string("tidegate_up 1\n"); };
        services.config_json = [] { return std::string(R"({"server":{"listen":"x"}})"); };
        services.features = [] {
            return std::vector<FeatureEntry>{{"alpha", R"({"name":"alpha"})"},
                                             {"beta", R"({"name":"beta"})"},
                                             {"with blank", R"({"name":"with blank"})"}};
        };
        services.explain_json = [this](const ExplainQuestion& question) -> Result<std::string> {
            explained_ = question;
            if (question.feature != "alpha" && question.feature != "beta")
                return Error{.kind = ErrorKind::not_found, .message = "the service's own words"};
            return std::string(R"({"variant":"stable"})");
        };
        services.status_json = [] { return std::string(R"({"version":"1","io":{"tasks":0}})"); };
        services.readiness = [this] { return readiness_; };
        services.call = [this](CallId id, bool with_content) -> Result<CallAnswer> {
            ++calls_asked_;
            if (fail_)
                return *fail_;
            const auto found = records_.find(id);
            if (found == records_.end())
                return Error{.kind = ErrorKind::not_found, .message = "the service's own words"};
            return CallAnswer{found->second,
                              with_content ? R"({"id":"x","content":"prompt"})" : R"({"id":"x"})"};
        };
        services.shadow_json = [this](const std::string& feature,
                                      std::optional<WallTime> since) -> Result<std::string> {
            asked_shadow_ = {feature, since};
            if (feature != "alpha")
                return Error{.kind = ErrorKind::not_found, .message = "The feature has no shadow lane."};
            return std::string(R"({"verdict":"pass"})");
        };
        services.calls = [this](const events::IndexFilter& filter) -> Result<std::vector<CallLine>> {
            filters_.push_back(filter);
            if (fail_)
                return *fail_;
            std::vector<CallLine> lines;
            for (auto entry = records_.rbegin(); entry != records_.rend(); ++entry) {
                if ((filter.feature.empty() || filter.feature == entry->second) && lines.size() < filter.limit)
                    lines.push_back({entry->first, json{{"id", entry->first.to_string()}}.dump()});
            }
            return lines;
        };
        services.reload = [this] {
            ++reloads_;
            return reload_;
        };
        return services;
    }

    Reply get(std::string_view target, std::string_view headers = {}, std::string_view host = "localhost") {
        return ask(server_->address(), "GET", target, headers, host);
    }
    Reply post(std::string_view target, std::string_view headers = {}, std::string_view body = {}) {
        return ask(server_->address(), "POST", target, headers, "localhost", body);
    }

    CallId add_call(std::string feature) {
        const CallId id = CallId::make(kNow + std::chrono::seconds{records_.size()});
        records_.emplace(id, std::move(feature));
        return id;
    }

    static Token token(std::string secret, Role role, bool content = false,
                       std::vector<std::string> features = {}) {
        return {.name = secret,
                .digests = {digest_of(secret)},
                .role = role,
                .content = content,
                .features = std::move(features)};
    }
    static std::string bearer(std::string_view secret) {
        return fmt::format("authorization: Bearer {}\r\n", secret);
    }

    ManualClock clock_{kNow};
    Readiness readiness_;
    ReloadOutcome reload_;
    std::optional<Error> fail_;
    std::map<CallId, std::string> records_;
    // Written by the server's threads while a request of the test waits for them.
    ExplainQuestion explained_;
    std::vector<events::IndexFilter> filters_;
    std::pair<std::string, std::optional<WallTime>> asked_shadow_;
    std::atomic<int> reloads_ = 0;
    std::atomic<int> calls_asked_ = 0;
    std::unique_ptr<Server> server_;
};

}  // namespace tidegate::admin::testing
