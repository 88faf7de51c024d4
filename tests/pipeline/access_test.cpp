// Access keys on the routes of the API: one policy, what a key may use, its limits, and what never leaves.
#include "pipeline/fixture.h"

#include <tidegate/events/log_reader.h>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace tidegate::pipeline::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using upstream::test::Peer;

constexpr std::string_view kAnswer =
    R"({"id":"c","object":"chat.completion","model":"m-1","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Yes."}}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}})";

const std::string kChat = R"({"model":"reply","messages":[{"role":"user","content":"Hi"}]})";
const std::string kPlainModel = R"({"model":"large","messages":[{"role":"user","content":"Hi"}]})";

// The features `reply` and `secret`, and the model `large`; a key `app` that may use `reply`.
class KeyedApi : public ApiTest {
  protected:
    KeyedApi() {
        serve([this](Peer& peer, int) {
            for (std::string request = peer.request(); !request.empty(); request = peer.request()) {
                keep(request);
                peer.write(
                    fmt::format("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                                "content-length: {}\r\n\r\n{}",
                                kAnswer.size(), kAnswer));
            }
        });
        table_->anonymous = false;
        Feature secret = feature();
        secret.name = "secret";
        table_->features.emplace("secret", std::move(secret));
        table_->models.emplace("large", feature().variants[0].variant.model);
        app_.name = "app";
        app_.digests = {digest_of("tg_right")};
        app_.features = {"reply"};
        use_key();
    }

    ~KeyedApi() override { server_.reset(); }  // its threads use what stands here

    void use_key() { table_->keys = access::KeyRing({app_}, limits_); }

    void let_key_use_the_model() {
        app_.models = {"large"};
        use_key();
        Feature direct = feature();
        direct.name = direct.flag.name = "direct";
        direct.flag.variants = {"large"};
        direct.variants[0].variant.name = "large";
        direct.variants[0].header_lines = "x-tidegate-feature: direct\r\n";
        direct.chains = {{ChainEntry{"large", 0, {}}}};
        table_->direct = std::make_shared<const Feature>(std::move(direct));
    }

    FakeWriter& ask_with(std::vector<http::Field> fields, const std::string& body = kChat,
                         const std::string& path = "/v1/chat/completions") {
        writer_.sent.clear();
        return ask({.path = path, .body = body, .fields = std::move(fields)});
    }
    FakeWriter& ask_with_key(const std::string& body = kChat) {
        return ask_with({{"x-api-key", "tg_right"}}, body);
    }

    // By the provider, on its own thread.
    void keep(const std::string& request) {
        const std::lock_guard lock(mutex_);
        received_.push_back(request);
    }
    std::vector<std::string> received() {
        const std::lock_guard lock(mutex_);
        return received_;
    }
    // The last one's head up to the length, which follows the body.
    std::string last_head() {
        const std::string request = received().back();
        return request.substr(0, request.find("content-length"));
    }

    std::string last_record() {
        log_->close();
        events::LogReader reader(*log_);
        events::Cursor cursor;
        std::vector<events::LogRecord> records;
        EXPECT_TRUE(reader.read(cursor, records));
        return records.empty() ? "" : records.back().json();
    }

    access::KeyLimits limits_;
    access::KeyOptions app_;

  private:
    std::mutex mutex_;
    std::vector<std::string> received_;
};

struct Route {
    http::Method method;
    std::string path;
    std::string body;
};

const std::vector<Route> kRoutes{
    {http::Method::post, "/v1/chat/completions", kChat},
    {http::Method::post, "/v1/embeddings", R"({"model":"reply","input":"Hi"})"},
    {http::Method::post, "/v1/messages",
     R"({"model":"reply","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]})"},
    {http::Method::get, "/v1/models", ""},
    {http::Method::get, "/v1/models/reply", ""},
};

TEST_F(KeyedApi, AsksForTheSameCredentialInEveryHeaderOnEveryRoute) {
    for (const Route& route : kRoutes) {
        for (const std::string_view header : {"authorization", "x-api-key", "api-key", "x-goog-api-key"}) {
            const std::string scheme = header == "authorization" ? "Bearer " : "";
            const auto status = [&](const std::string& credential) {
                writer_.sent.clear();
                const std::string value = scheme + credential;
                return ask({.method = route.method,
                            .path = route.path,
                            .body = route.body,
                            .fields = {{header, value}}})
                    .status;
            };
            SCOPED_TRACE(route.path + " " + std::string(header));
            for (const char* wrong : {"", "tg_wrong", "tg_righ", "tg_right2"}) {
                EXPECT_EQ(status(wrong), 401) << wrong;
                EXPECT_THAT(writer_.head, AllOf(HasSubstr("x-tidegate-error: unauthorized"),
                                                HasSubstr("www-authenticate: Bearer")));
            }
            const int right = status("tg_right");
            EXPECT_TRUE(right == 200 || right == 400) << right;  // 400: a chat feature on the embeddings route
        }
    }
    EXPECT_EQ(received().size(), 8U) << "two routes of chat, four headers";
}

TEST_F(KeyedApi, KeepsStrangersFromEverythingButHealth) {
    for (const Route& route : kRoutes) {
        ask({.method = route.method, .path = route.path, .body = route.body});
        EXPECT_EQ(writer_.status, 401) << route.path;
    }
    EXPECT_EQ(ask({.method = http::Method::get, .path = "/healthz"}).status, 200);
    EXPECT_EQ(ask({.method = http::Method::get, .path = "/readyz"}).status, 200);
    EXPECT_TRUE(received().empty());
}

TEST_F(KeyedApi, DoesNotReadTheBodyOfAStranger) {
    EXPECT_EQ(ask_with({}, "{").status, 401);
    EXPECT_EQ(ask_with({{"x-api-key", "tg_right"}}, "{").status, 400);
}

TEST_F(KeyedApi, CountsRefusalsWithoutARecord) {
    ask_with({});
    ask_with({{"x-api-key", "tg_wrong"}});
    ask_with_key(R"({"model":"secret","messages":[{"role":"user","content":"Hi"}]})");
    EXPECT_EQ(metrics_.rejected("unauthorized").value(), 2U);
    EXPECT_EQ(metrics_.rejected("forbidden").value(), 1U);
    EXPECT_EQ(log_->stats().appended, 0U);
}

TEST_F(KeyedApi, SaysTheSameOfWhatAKeyMayNotUseAndOfWhatThereIsNot) {
    const auto answer_to = [this](const std::string& name) {
        ask_with_key(R"({"model":")" + name + R"(","messages":[{"role":"user","content":"Hi"}]})");
        EXPECT_EQ(writer_.status, 403) << name;
        EXPECT_THAT(writer_.head, HasSubstr("x-tidegate-error: forbidden"));
        std::string body = writer_.sent;
        for (auto at = body.find(name); at != std::string::npos; at = body.find(name))
            body.erase(at, name.size());
        return body.substr(0, body.find("call"));  // the call id differs
    };
    const std::string of_nothing = answer_to("nothing");
    EXPECT_EQ(answer_to("secret"), of_nothing);
    EXPECT_EQ(answer_to("large"), of_nothing);
    EXPECT_EQ(answer_to("direct"), of_nothing);
}

TEST_F(KeyedApi, DecidesByTheFeatureThatServesWhicheverWayItIsNamed) {
    EXPECT_EQ(ask_with({{"x-api-key", "tg_right"}, {"x-tidegate-feature", "secret"}}).status, 403);
    EXPECT_EQ(ask_with({{"x-api-key", "tg_right"}, {"x-tidegate-feature", "reply"}}, kPlainModel).status, 200);
}

TEST_F(KeyedApi, ListsWhatAKeyMayUse) {
    let_key_use_the_model();
    ask({.method = http::Method::get, .path = "/v1/models", .fields = {{"x-api-key", "tg_right"}}});
    EXPECT_THAT(writer_.sent, AllOf(HasSubstr("\"reply\""), HasSubstr("\"large\""), Not(HasSubstr("secret"))));
    for (const char* name : {"secret", "nothing", "direct"}) {
        ask({.method = http::Method::get,
             .path = std::string("/v1/models/") + name,
             .fields = {{"x-api-key", "tg_right"}}});
        EXPECT_EQ(writer_.status, 404) << name;
    }
    ask({.method = http::Method::get, .path = "/v1/models/large", .fields = {{"x-api-key", "tg_right"}}});
    EXPECT_EQ(writer_.status, 200);
}

TEST_F(KeyedApi, ServesAPlainModelAsTheFeatureDirect) {
    let_key_use_the_model();
    ask_with_key(kPlainModel);
    EXPECT_EQ(writer_.status, 200);
    EXPECT_THAT(writer_.head, HasSubstr("x-tidegate-feature: direct\r\n"));
    EXPECT_THAT(received().at(0), HasSubstr(R"("model":"m-1")"));
    EXPECT_THAT(last_record(), AllOf(HasSubstr(R"("feature":"direct")"), HasSubstr(R"("variant":"large")"),
                                     HasSubstr(R"("key":"app")")));
}

TEST_F(KeyedApi, RefusesAPlainModelOfTheOtherOperation) {
    let_key_use_the_model();
    ask_with({{"x-api-key", "tg_right"}}, R"({"model":"large","input":"Hi"})", "/v1/embeddings");
    EXPECT_EQ(writer_.status, 400);
    EXPECT_THAT(writer_.sent, HasSubstr("is for chat"));
}

TEST_F(KeyedApi, LetsNoAnonymousCallerNameAPlainModel) {
    let_key_use_the_model();
    table_->keys = {};
    table_->anonymous = true;
    EXPECT_EQ(ask_with({}, kPlainModel).status, 403);
    EXPECT_EQ(ask_with({}, kChat).status, 200);
}

TEST_F(KeyedApi, RecordsTheNameOfTheKeyAndNothingOfTheCredential) {
    ask_with_key();
    const std::string record = last_record();
    EXPECT_THAT(record, HasSubstr(R"("key":"app")"));
    EXPECT_THAT(record, Not(HasSubstr("tg_right")));
    EXPECT_THAT(record, Not(HasSubstr(to_hex(digest_of("tg_right")))));
}

TEST_F(KeyedApi, RefusesRequestsBeyondTheMinuteAndSaysWhenToComeBack) {
    app_.limits.requests_per_minute = 2;
    use_key();
    EXPECT_EQ(ask_with_key().status, 200);
    EXPECT_EQ(ask_with_key().status, 200);
    EXPECT_EQ(ask_with_key().status, 429);
    EXPECT_THAT(writer_.head,
                AllOf(HasSubstr("x-tidegate-error: rate_limited"), HasSubstr("retry-after: 30\r\n")));
    EXPECT_THAT(writer_.sent, HasSubstr("requests_per_minute"));
    EXPECT_EQ(metrics_.rejected("rate_limited").value(), 1U);
    EXPECT_EQ(metrics_.requests_inflight().value(), 0);
    EXPECT_EQ(log_->stats().appended, 2U) << "a caller beyond its limits fills no disk";
    EXPECT_EQ(received().size(), 2U);
    clock_.advance(std::chrono::seconds{30});
    EXPECT_EQ(ask_with_key().status, 200);
}

TEST_F(KeyedApi, CountsEveryHeaderToTheSameLimit) {
    app_.limits.requests_per_minute = 4;
    app_.digests.push_back(digest_of("tg_new"));
    use_key();
    EXPECT_EQ(ask_with({{"x-api-key", "tg_right"}}).status, 200);
    EXPECT_EQ(ask_with({{"authorization", "Bearer tg_right"}}).status, 200);
    EXPECT_EQ(ask_with({{"api-key", "tg_new"}}).status, 200);
    EXPECT_EQ(ask_with({{"x-goog-api-key", "tg_new"}}).status, 200);
    EXPECT_EQ(ask_with({{"api-key", "tg_new"}}).status, 429);
}

TEST_F(KeyedApi, GivesThePlaceOfACallBackHoweverItEnded) {
    app_.limits.concurrent = 1;
    use_key();
    EXPECT_EQ(ask_with_key().status, 200);
    EXPECT_EQ(ask_with_key(R"({"model":"reply","input":"Hi"})").status, 400);
    EXPECT_EQ(limits_.of("app").in_flight(), 0);
    services_->strict = true;
    EXPECT_EQ(ask_with_key().status, 200);
    writer_.gone = true;
    ask_with_key();
    EXPECT_EQ(limits_.of("app").in_flight(), 0);
}

TEST_F(KeyedApi, RefusesACallBesideAsManyAsAKeyMayMake) {
    app_.limits.concurrent = 1;
    use_key();
    const access::Admission held = limits_.of("app").admit(app_.limits, clock_.steady());
    EXPECT_EQ(ask_with_key().status, 429);
    EXPECT_THAT(writer_.head, HasSubstr("retry-after: 1\r\n"));
    EXPECT_THAT(writer_.sent, HasSubstr("concurrent"));
    EXPECT_TRUE(received().empty());
}

// Names by which other gateways have let a caller steer the call.
constexpr std::array<std::string_view, 30> kSteering{"api_base",       "base_url",
                                                     "api_key",        "custom_host",
                                                     "extra_headers",  "headers",
                                                     "mock_response",  "callbacks",
                                                     "proxy",          "organization",
                                                     "api_version",    "api_type",
                                                     "azure_ad_token", "aws_access_key_id",
                                                     "vertex_project", "deployment_id",
                                                     "provider",       "custom_llm_provider",
                                                     "user_api_key",   "team_id",
                                                     "role",           "budget",
                                                     "spend",          "max_budget",
                                                     "allowed_routes", "model_list",
                                                     "fallbacks",      "litellm_params",
                                                     "metadata_key",   "x-tidegate-key"};

TEST_F(KeyedApi, IsSteeredByNoFieldOfTheBodyAndNoHeader) {
    ask_with_key();
    const std::string plain = received().back();
    const std::string head = last_head();
    for (const std::string_view name : kSteering) {
        SCOPED_TRACE(name);
        const std::size_t before = received().size();
        ask_with_key(fmt::format(
            R"({{"model":"reply","{}":"http://evil.example/tg_evil","messages":[{{"role":"user","content":"Hi"}}]}})",
            name));
        EXPECT_EQ(writer_.status, 200);
        EXPECT_EQ(last_head(), head);

        ask_with({{"x-api-key", "tg_right"}, {name, "http://evil.example/tg_evil"}});
        EXPECT_EQ(writer_.status, 200);
        EXPECT_EQ(received().back(), plain);
        EXPECT_EQ(received().size(), before + 2);
    }
}

TEST_F(KeyedApi, SendsNoCredentialOfTheClientToAProvider) {
    for (const std::string_view header : {"authorization", "x-api-key", "api-key", "x-goog-api-key"})
        ask_with({{header, "tg_right"}, {"cookie", "session=tg_right"}, {"proxy-authorization", "tg_right"}});
    EXPECT_EQ(received().size(), 4U);
    for (const std::string& request : received()) EXPECT_THAT(request, Not(HasSubstr("tg_right")));
}

}  // namespace
}  // namespace tidegate::pipeline::test
