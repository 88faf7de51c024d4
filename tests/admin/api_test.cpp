// What the routes answer.
#include "admin/support.h"

#include <tidegate/admin/api.h>

#include <future>

namespace tidegate::admin {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ApiTest : public AdminTest {};

TEST_F(ApiTest, TheDescriptionListsExactlyTheRoutesThatAreServed) {
    const std::string id = add_call("alpha").to_string();
    start();
    const json description = get("/admin/v1/openapi.json").parsed();
    std::set<std::string> described;
    for (const auto& [path, methods] : description["paths"].items()) {
        for (const auto& [method, operation] : methods.items()) {
            described.insert(method + " " + path);
            std::string target = path;
            if (const auto at = target.find("{feature}"); at != std::string::npos)
                target.replace(at, 9, "alpha");
            if (const auto at = target.find("{id}"); at != std::string::npos)
                target.replace(at, 4, id);
            EXPECT_EQ(method == "get" ? get(target).status : post(target).status, 200) << path;
            EXPECT_FALSE(operation["summary"].get<std::string>().empty());
        }
    }
    EXPECT_THAT(described,
                ElementsAre("get /admin/v1/calls", "get /admin/v1/calls/{id}", "get /admin/v1/config",
                            "get /admin/v1/features", "get /admin/v1/features/{feature}",
                            "get /admin/v1/features/{feature}/explain", "get /admin/v1/openapi.json",
                            "get /admin/v1/shadow/{feature}", "get /admin/v1/status", "get /healthz",
                            "get /metrics", "get /readyz", "post /admin/v1/reload"));
}

TEST_F(ApiTest, ReadinessSaysWhyNot) {
    start();
    EXPECT_EQ(get("/readyz").body, "{\"ready\":true,\"reasons\":[]}\n");
    readiness_ = {.ready = false, .reasons = {"draining", "disk \"full\""}};
    const Reply reply = get("/readyz");
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.parsed()["reasons"], json({"draining", "disk \"full\""}));
    EXPECT_EQ(get("/healthz").status, 200);
    const json status = get("/admin/v1/status").parsed();
    EXPECT_EQ(status["ready"], false);
    EXPECT_EQ(status["io"]["tasks"], 0);
}

TEST_F(ApiTest, HealthChecksMayAddWhatTheyLike) {
    start();
    EXPECT_EQ(get("/healthz?probe=1&probe=2").status, 200);
    EXPECT_EQ(get("/metrics?name[]=x").status, 200);
}

TEST_F(ApiTest, HeadIsGetWithoutABody) {
    start();
    const Reply reply = ask(server_->address(), "HEAD", "/admin/v1/status");
    EXPECT_EQ(reply.status, 200);
    EXPECT_NE(reply.header("content-length"), "0");
}

TEST_F(ApiTest, AWrongMethodNamesTheRightOnes) {
    start();
    EXPECT_EQ(post("/admin/v1/calls").header("allow"), "GET, HEAD");
    const Reply reply = get("/admin/v1/reload");
    EXPECT_EQ(reply.header("allow"), "POST");
    EXPECT_EQ(reply.code(), "method_not_allowed");
}

TEST_F(ApiTest, WhatTheServerItselfRefusesLooksTheSame) {
    start();
    const Reply reply = ask(server_->address(), "GET", "/admin/v1/status", "bad name: x\r\n");
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(reply.code(), "invalid_request");
    EXPECT_EQ(reply.parsed()["error"]["code"], "invalid_request");
    EXPECT_EQ(reply.header("cache-control"), "no-store");
    EXPECT_EQ(reply.header("x-content-type-options"), "nosniff");
}

TEST_F(ApiTest, AReloadTellsEveryProblem) {
    start();
    reload_ = {.reloaded = true, .problems = {"a.yaml:1:2: warning: w"}, .config_hash = "abc"};
    const Reply good = post("/admin/v1/reload");
    EXPECT_EQ(good.parsed(),
              json({{"reloaded", true}, {"config_hash", "abc"}, {"problems", {"a.yaml:1:2: warning: w"}}}));
    reload_ = {.reloaded = false, .problems = {"a.yaml:1:2: \"x\"", "b.yaml:3:4: y"}, .config_hash = "abc"};
    const Reply bad = post("/admin/v1/reload");
    EXPECT_EQ(bad.status, 400);
    EXPECT_EQ(bad.code(), "invalid_request");
    EXPECT_EQ(bad.parsed()["problems"], json({"a.yaml:1:2: \"x\"", "b.yaml:3:4: y"}));
    EXPECT_EQ(bad.parsed()["error"]["code"], "invalid_request");
    EXPECT_EQ(reloads_, 2);
    EXPECT_EQ(post("/admin/v1/reload", {}, "{\"server\":1}").status, 400);
    EXPECT_EQ(reloads_, 2);
}

TEST_F(ApiTest, FeaturesAreFoundByTheirDecodedName) {
    start();
    EXPECT_EQ(get("/admin/v1/features").parsed()["features"].size(), 3U);
    EXPECT_EQ(get("/admin/v1/features/with%20blank").parsed()["name"], "with blank");
    EXPECT_EQ(get("/admin/v1/features/al%70ha").parsed()["name"], "alpha");
    for (const std::string name : {"missing", "%20", "alph", "ALPHA", "alpha%0d%0ax", "%ff", "..%c0%af"}) {
        const Reply reply = get("/admin/v1/features/" + name);
        EXPECT_TRUE(reply.status == 404 || reply.status == 400) << name << reply.status;
    }
}

TEST_F(ApiTest, ExplainHandsOverUserConversationAndTypedAttributes) {
    start();
    const Reply reply = get(
        "/admin/v1/features/alpha/explain?user=a%26b+c&conversation=7&attr.plan=pro&attr.seats=5&attr.beta=true"
        "&attr.text=%225%22&attr.odd=%5B1%5D&attr.empty=");
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(explained_.feature, "alpha");
    EXPECT_EQ(explained_.user, "a&b c");
    EXPECT_EQ(explained_.conversation, "7");
    const std::vector<std::pair<std::string, flags::AttributeValue>> expected = {
        {"plan", "pro"}, {"seats", 5.0}, {"beta", true},
        {"text", "5"},   {"odd", "[1]"}, {"empty", std::string()}};
    EXPECT_EQ(explained_.attributes, expected);
    EXPECT_EQ(get("/admin/v1/features/alpha/explain").status, 200);
    EXPECT_EQ(explained_.user, std::nullopt);
}

TEST_F(ApiTest, AQueryWithWhatTheRouteDoesNotKnowIsRefused) {
    start();
    for (const std::string query :
         {"usr=x", "user=a&user=b", "user=%zz", "user=%4", "attr.=x", "attr.a=1&attr.a=2", "%75ser=a&user=b"}) {
        const Reply reply = get("/admin/v1/features/alpha/explain?" + query);
        EXPECT_EQ(reply.status, 400) << query;
        EXPECT_EQ(reply.code(), "invalid_request");
    }
    EXPECT_THAT(get("/admin/v1/calls?usr=x").body, HasSubstr("conversation"));
    EXPECT_EQ(get("/admin/v1/status?x=1").status, 400);
}

TEST_F(ApiTest, CallsAreFilteredByAllThatIsAsked) {
    const CallId before = add_call("alpha");
    start();
    const Reply reply =
        get("/admin/v1/calls?feature=alpha&user=u%27%25&conversation=c&since=2h&until=2026-01-01"
            "&status=rejected&limit=7&before=" +
            before.to_string());
    ASSERT_EQ(reply.status, 200) << reply.body;
    const events::IndexFilter& filter = filters_.at(0);
    EXPECT_EQ(filter.feature, "alpha");
    EXPECT_EQ(filter.user, "u'%");
    EXPECT_EQ(filter.conversation, "c");
    EXPECT_EQ(filter.since, kNow - std::chrono::hours{2});
    EXPECT_EQ(filter.until, kNow);
    EXPECT_EQ(filter.outcome, events::Outcome::rejected);
    EXPECT_EQ(filter.limit, 7U);
    EXPECT_EQ(filter.before, before);
    get("/admin/v1/calls?status=429");
    EXPECT_EQ(filters_.at(1).status, 429);
    EXPECT_EQ(filters_.at(1).limit, 50U);
}

TEST_F(ApiTest, AWrongFilterIsRefusedBeforeAnythingIsRead) {
    start();
    for (const std::string query : {"since=yesterday", "until=2026-13-01", "status=fine", "status=99",
                                    "limit=0", "limit=1001", "limit=-1", "limit=5x", "before=1", "since=-1h"}) {
        const Reply reply = get("/admin/v1/calls?" + query);
        EXPECT_EQ(reply.status, 400) << query;
        EXPECT_EQ(reply.code(), "invalid_request");
    }
    EXPECT_TRUE(filters_.empty());
}

TEST_F(ApiTest, AListEndsWithWhereTheNextPageBegins) {
    add_call("alpha");
    const CallId second = add_call("beta");
    const CallId third = add_call("alpha");
    start();
    const json page = get("/admin/v1/calls?limit=2").parsed();
    EXPECT_EQ(page["calls"], json({{{"id", third.to_string()}}, {{"id", second.to_string()}}}));
    EXPECT_EQ(page["next"], second.to_string());
    EXPECT_FALSE(get("/admin/v1/calls?limit=4").parsed().contains("next"));
}

TEST_F(ApiTest, ALimitedTokenSeesTheNewestOfItsFeaturesTogether) {
    const CallId first = add_call("alpha");
    add_call("gamma");
    const CallId third = add_call("beta");
    const CallId fourth = add_call("alpha");
    Options options;
    options.tokens = {token("two", Role::viewer, false, {"alpha", "beta"})};
    start(std::move(options));
    const json all = get("/admin/v1/calls", bearer("two")).parsed()["calls"];
    EXPECT_EQ(all,
              json({{{"id", fourth.to_string()}}, {{"id", third.to_string()}}, {{"id", first.to_string()}}}));
    const json page = get("/admin/v1/calls?limit=2", bearer("two")).parsed();
    EXPECT_EQ(page["calls"].size(), 2U);
    EXPECT_EQ(page["next"], third.to_string());
    for (const events::IndexFilter& filter : filters_)
        EXPECT_TRUE(filter.feature == "alpha" || filter.feature == "beta");
}

TEST_F(ApiTest, NaughtyIdsAreNotFoundWithoutAsking) {
    start();
    for (const std::string id :
         {"x", "0192f0c1-7b3a-7c1e-8f00-0123456789a", "0192f0c1-7b3a-7c1e-8f00-0123456789abc",
          "%27%20OR%201=1--", "*", "%25", "..", "%2e%2e%2fconfig", "0192f0c1-7b3a-7c1e-8f00-0123456789aG",
          "%00", "%0d%0ax:y", "%F0%9F%92%A9", "{{id}}", "$%7Bx%7D"}) {
        const Reply reply = get("/admin/v1/calls/" + id);
        EXPECT_TRUE(reply.status == 404 || reply.status == 400) << id << " " << reply.status;
        EXPECT_FALSE(reply.code().empty());
    }
    EXPECT_EQ(calls_asked_, 0);
    EXPECT_EQ(get("/admin/v1/calls/" + CallId::make(kNow).to_string()).status, 404);
    EXPECT_EQ(calls_asked_, 1);
}

TEST_F(ApiTest, FailuresOfAServiceKeepTheirDetailsToTheLog) {
    const std::string path = "/admin/v1/calls/" + add_call("alpha").to_string();
    start();
    fail_ = Error{.kind = ErrorKind::io, .message = "/var/lib/tidegate/secret/path"};
    const Reply reply = get(path);
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.code(), "internal");
    EXPECT_EQ(reply.body.find("secret"), std::string::npos);
    EXPECT_EQ(get("/admin/v1/calls").status, 500);
}

TEST(AdminServer, RefusesAnAddressThatIsTaken) {
    const SystemClock clock;
    Services services;
    http::ListenerOptions listener;
    listener.address = "127.0.0.1:0";
    const auto first = Server::start(listener, {}, services, clock);
    ASSERT_TRUE(first);
    listener.address = (*first)->address();
    EXPECT_FALSE(Server::start(listener, {}, services, clock));
}

TEST_F(ApiTest, AnExceptionOfAServiceIsAnInternalError) {
    Services services = AdminTest::services();
    services.call = [](CallId, bool) -> Result<CallAnswer> { throw std::runtime_error("secret"); };
    services.config_json = []() -> std::string { throw std::runtime_error("secret"); };
    http::ListenerOptions listener;
    listener.address = "127.0.0.1:0";
    server_ = *Server::start(listener, {}, services, clock_);
    for (const std::string& target :
         {"/admin/v1/calls/" + CallId::make(kNow).to_string(), std::string("/admin/v1/config")}) {
        const Reply reply = get(target);
        EXPECT_EQ(reply.status, 500);
        EXPECT_EQ(reply.code(), "internal");
        EXPECT_EQ(reply.body.find("secret"), std::string::npos);
    }
    EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(ApiTest, HealthIsAnsweredWhileAReloadTakesItsTime) {
    Services services = AdminTest::services();
    std::promise<void> begun;
    std::promise<void> release;
    services.reload = [&] {
        begun.set_value();
        release.get_future().wait();
        return ReloadOutcome{};
    };
    http::ListenerOptions listener;
    listener.address = "127.0.0.1:0";
    server_ = *Server::start(listener, {}, services, clock_);
    std::future<Reply> reload = std::async(std::launch::async, [this] { return post("/admin/v1/reload"); });
    begun.get_future().wait();
    EXPECT_EQ(get("/healthz").status, 200);
    EXPECT_EQ(get("/admin/v1/calls").status, 200);
    release.set_value();
    EXPECT_EQ(reload.get().status, 200);
}

}  // namespace
}  // namespace tidegate::admin
