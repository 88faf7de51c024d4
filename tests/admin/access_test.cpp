// Who may do what: every route with every kind of token, and the port without tokens.
#include "admin/support.h"

namespace tidegate::admin {
namespace {

using namespace testing;

struct RouteCase {
    std::string method;
    std::string target;
};

// What a request may be answered with, by kind of token.
enum Kind { nobody, wrong, viewer, limited, operator_, limited_operator, admin };
struct MatrixCase {
    RouteCase route;
    std::array<int, 7> status;  // by Kind
};

class AccessMatrix : public AdminTest {
  protected:
    void start_with_tokens(MetricsPolicy metrics = MetricsPolicy::token, std::string address = "0.0.0.0:0") {
        Options options;
        options.metrics = metrics;
        options.tokens = {token("v", Role::viewer), token("l", Role::viewer, false, {"alpha"}),
                          token("o", Role::operator_, true), token("lo", Role::operator_, false, {"alpha"}),
                          token("a", Role::admin, true)};
        start(std::move(options), std::move(address));
    }

    Reply ask_as(Kind kind, const RouteCase& route) {
        static const std::array<std::string, 7> headers = {"",          bearer("x"),  bearer("v"), bearer("l"),
                                                           bearer("o"), bearer("lo"), bearer("a")};
        const std::string address = server_->address();
        return ask("127.0.0.1" + address.substr(address.rfind(':')), route.method, route.target, headers[kind],
                   "gateway.example");
    }
};

TEST_F(AccessMatrix, EveryRouteAnswersEachKindOfTokenAsItsRoleSays) {
    const std::string alpha = add_call("alpha").to_string();
    const std::string beta = add_call("beta").to_string();
    start_with_tokens();
    const std::vector<MatrixCase> cases = {
        //                                     none wrong view lim  oper lim-o admin
        {{"GET", "/healthz"}, {200, 200, 200, 200, 200, 200, 200}},
        {{"GET", "/readyz"}, {200, 200, 200, 200, 200, 200, 200}},
        {{"GET", "/metrics"}, {401, 401, 200, 403, 200, 403, 200}},
        {{"GET", "/admin/v1/status"}, {401, 401, 200, 200, 200, 200, 200}},
        {{"GET", "/admin/v1/config"}, {401, 401, 403, 403, 200, 403, 200}},
        {{"POST", "/admin/v1/reload"}, {401, 401, 403, 403, 200, 403, 200}},
        {{"GET", "/admin/v1/features"}, {401, 401, 200, 200, 200, 200, 200}},
        {{"GET", "/admin/v1/features/alpha"}, {401, 401, 200, 200, 200, 200, 200}},
        {{"GET", "/admin/v1/features/beta"}, {401, 401, 200, 404, 200, 404, 200}},
        {{"GET", "/admin/v1/features/alpha/explain"}, {401, 401, 200, 200, 200, 200, 200}},
        {{"GET", "/admin/v1/features/beta/explain"}, {401, 401, 200, 404, 200, 404, 200}},
        {{"GET", "/admin/v1/calls"}, {401, 401, 200, 200, 200, 200, 200}},
        {{"GET", "/admin/v1/calls/" + alpha}, {401, 401, 200, 200, 200, 200, 200}},
        {{"GET", "/admin/v1/calls/" + beta}, {401, 401, 200, 404, 200, 404, 200}},
        {{"GET", "/admin/v1/openapi.json"}, {401, 401, 200, 200, 200, 200, 200}},
        // What does not exist is not told to strangers.
        {{"GET", "/admin/v1/nothing"}, {401, 401, 404, 404, 404, 404, 404}},
        {{"GET", "/"}, {401, 401, 404, 404, 404, 404, 404}},
        {{"DELETE", "/admin/v1/calls"}, {401, 401, 405, 405, 405, 405, 405}},
        {{"GET", "/admin/v1/reload"}, {401, 401, 405, 405, 405, 405, 405}},
        {{"POST", "/admin/v1/config"}, {401, 401, 405, 405, 405, 405, 405}},
    };
    for (const MatrixCase& one : cases) {
        for (int kind = nobody; kind <= admin; ++kind) {
            const Reply reply = ask_as(static_cast<Kind>(kind), one.route);
            SCOPED_TRACE(one.route.method + " " + one.route.target + " as kind " + std::to_string(kind));
            EXPECT_EQ(reply.status, one.status[static_cast<std::size_t>(kind)]);
            EXPECT_EQ(reply.header("cache-control"), "no-store");
            EXPECT_EQ(reply.header("x-content-type-options"), "nosniff");
            EXPECT_EQ(reply.code().empty(), reply.status == 200);
            if (reply.status != 200) {
                EXPECT_EQ(reply.parsed()["error"]["code"], reply.code());
            }
            EXPECT_EQ(reply.header("www-authenticate"), reply.status == 401 ? "Bearer" : "");
        }
    }
    EXPECT_EQ(reloads_, 2);
}

TEST_F(AccessMatrix, OtherSpellingsOfAPathAreNoWayAround) {
    start_with_tokens();
    for (const std::string target :
         {"/admin/v1/%63onfig", "/%61dmin/v1/config", "/admin/v1/config?x=/healthz", "/admin/v1/config?",
          "/ADMIN/v1/config", "/admin/v1/config/", "//admin/v1/config", "/healthz/../admin/v1/config",
          "/./admin/v1/config", "/healthz%2f..%2fadmin/v1/config", "/admin/v1;x/config", "/admin\\v1\\config",
          "/healthz;/admin/v1/config", "/metrics/../admin/v1/config", "/admin/v1/config%00", "/healthz/x",
          "/admin/v1/config#/healthz", "http://gateway.example/admin/v1/config"}) {
        SCOPED_TRACE(target);
        const Reply reply = ask_as(nobody, {"GET", target});
        EXPECT_TRUE(reply.status == 401 || reply.status == 400) << reply.status;
        EXPECT_EQ(reply.body.find("listen"), std::string::npos);
        const Reply limited_reply = ask_as(limited_operator, {"GET", target});
        EXPECT_GE(limited_reply.status, 400);
    }
    EXPECT_EQ(ask_as(admin, {"GET", "/admin/v1/%63onfig"}).status, 200);
}

TEST_F(AccessMatrix, ATokenIsRefusedInEveryOtherForm) {
    start_with_tokens();
    for (const std::string headers :
         {"authorization: Basic YTph\r\n", "authorization: a\r\n", "authorization: Bearer\r\n",
          "authorization: Bearer \r\n", "authorization: Bearer a b\r\n", "authorization: Bearer\ta\r\n",
          "authorization: Bearer A\r\n", "x-api-key: a\r\n", "cookie: token=a\r\n",
          // The digest itself is not the token.
          "authorization: Bearer ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\r\n"}) {
        SCOPED_TRACE(headers);
        const std::string address = server_->address();
        const Reply reply = ask("127.0.0.1" + address.substr(address.rfind(':')), "GET", "/admin/v1/status",
                                headers, "gateway.example");
        EXPECT_EQ(reply.status, 401);
    }
    const std::string local = "127.0.0.1" + server_->address().substr(server_->address().rfind(':'));
    // Two of them the server itself refuses.
    EXPECT_EQ(ask(local, "GET", "/admin/v1/status", bearer("a") + bearer("a"), "gateway.example").status, 400);
    EXPECT_EQ(ask(local, "GET", "/admin/v1/status?token=a", "", "gateway.example").status, 401);
    EXPECT_EQ(ask(local, "GET", "/admin/v1/status", "AUTHORIZATION: bearer a\r\n", "gateway.example").status,
              200);
}

TEST_F(AccessMatrix, MetricsAreOpenWhereTheConfigurationSaysSo) {
    start_with_tokens(MetricsPolicy::open);
    EXPECT_EQ(ask_as(nobody, {"GET", "/metrics"}).status, 200);
    EXPECT_EQ(ask_as(nobody, {"GET", "/admin/v1/status"}).status, 401);
}

TEST_F(AccessMatrix, MetricsAreOpenOnLoopbackButNotToAnotherName) {
    start_with_tokens(MetricsPolicy::token, "127.0.0.1:0");
    EXPECT_EQ(get("/metrics").body, "tidegate_up 1\n");
    EXPECT_EQ(get("/metrics").header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_EQ(get("/metrics", {}, "evil.example").status, 401);
    EXPECT_EQ(get("/metrics", "origin: http://evil.example\r\n").status, 401);
    EXPECT_EQ(get("/metrics", bearer("v"), "gateway.example").status, 200);
    EXPECT_EQ(get("/admin/v1/status").status, 401);
}

TEST_F(AccessMatrix, ARemovedTokenIsRefusedFromTheNextRequestOn) {
    start_with_tokens();
    EXPECT_EQ(ask_as(viewer, {"GET", "/admin/v1/status"}).status, 200);
    Options options;
    options.tokens = {token("a", Role::admin)};
    ASSERT_TRUE(server_->update(options));
    EXPECT_EQ(ask_as(viewer, {"GET", "/admin/v1/status"}).status, 401);
    EXPECT_EQ(ask_as(admin, {"GET", "/admin/v1/status"}).status, 200);
    // Without any token the port would be open to everybody.
    EXPECT_FALSE(server_->update({}));
    EXPECT_EQ(ask_as(nobody, {"GET", "/admin/v1/status"}).status, 401);
}

TEST_F(AccessMatrix, BothDigestsOfATokenCountWhileItIsReplaced) {
    Options options;
    options.tokens = {token("old", Role::viewer)};
    options.tokens[0].digests.push_back(digest_of("new"));
    start(std::move(options));
    EXPECT_EQ(get("/admin/v1/status", bearer("old")).status, 200);
    EXPECT_EQ(get("/admin/v1/status", bearer("new")).status, 200);
}

TEST_F(AccessMatrix, ContentIsShownOnlyWithThatRight) {
    const std::string path = "/admin/v1/calls/" + add_call("alpha").to_string();
    start_with_tokens();
    EXPECT_FALSE(ask_as(viewer, {"GET", path}).parsed().contains("content"));
    EXPECT_FALSE(ask_as(limited_operator, {"GET", path}).parsed().contains("content"));
    EXPECT_TRUE(ask_as(operator_, {"GET", path}).parsed().contains("content"));
}

TEST_F(AccessMatrix, AHiddenFeatureLooksLikeAMissingOne) {
    const std::string beta = add_call("beta").to_string();
    const std::string unknown = CallId::make(kNow + std::chrono::hours{1}).to_string();
    start_with_tokens();
    const auto body = [&](std::string_view target) {
        return ask_as(limited, {"GET", std::string(target)}).body;
    };
    EXPECT_EQ(body("/admin/v1/features/beta"), body("/admin/v1/features/missing"));
    EXPECT_EQ(body("/admin/v1/features/beta/explain"), body("/admin/v1/features/missing/explain"));
    EXPECT_EQ(body("/admin/v1/calls/" + beta), body("/admin/v1/calls/" + unknown));
    EXPECT_EQ(body("/admin/v1/calls?feature=beta"), body("/admin/v1/calls?feature=missing"));
    EXPECT_EQ(body("/admin/v1/features"), "{\"features\":[{\"name\":\"alpha\"}]}\n");
}

class NoTokens : public AdminTest {};

TEST_F(NoTokens, ALocalClientMayDoEverything) {
    start();
    EXPECT_EQ(get("/admin/v1/config").status, 200);
    EXPECT_EQ(post("/admin/v1/reload").status, 200);
    EXPECT_EQ(get("/metrics").status, 200);
    EXPECT_TRUE(get("/admin/v1/calls/" + add_call("alpha").to_string()).parsed().contains("content"));
}

TEST_F(NoTokens, OnlyLoopbackNamesAreAnswered) {
    start();
    for (const std::string_view host :
         {"localhost", "LOCALHOST:9900", "127.0.0.1", "127.0.0.1:1", "127.8.9.1", "[::1]", "[::1]:9900"}) {
        EXPECT_EQ(get("/admin/v1/status", {}, host).status, 200) << host;
    }
    for (const std::string_view host :
         {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:9900", "10.0.0.1",
          "[::2]", "0.0.0.0", "localhost.", "128.0.0.1"}) {
        const Reply reply = get("/admin/v1/status", {}, host);
        EXPECT_EQ(reply.status, 403) << host;
        EXPECT_EQ(reply.code(), "forbidden");
        EXPECT_EQ(get("/metrics", {}, host).status, 403) << host;
        EXPECT_EQ(get("/healthz", {}, host).status, 200) << host;
    }
}

TEST_F(NoTokens, AForeignOriginIsRefused) {
    start();
    for (const std::string_view origin : {"http://evil.example", "null", "http://localhost:3000",
                                          "https://localhost:9900", "http://localhost", ""}) {
        const std::string line = fmt::format("origin: {}\r\n", origin);
        EXPECT_EQ(ask(server_->address(), "POST", "/admin/v1/reload", line, "localhost:9900").status, 403)
            << origin;
    }
    EXPECT_EQ(ask(server_->address(), "POST", "/admin/v1/reload",
                  "origin: http://localhost:9900\r\norigin: http://localhost:9900\r\n", "localhost:9900")
                  .status,
              403);
    EXPECT_EQ(reloads_, 0);
    EXPECT_EQ(ask(server_->address(), "POST", "/admin/v1/reload", "origin: http://localhost:9900\r\n",
                  "localhost:9900")
                  .status,
              200);
    EXPECT_EQ(reloads_, 1);
}

TEST_F(NoTokens, APublicAddressIsRefused) {
    http::ListenerOptions listener;
    for (const std::string address : {"0.0.0.0:0", "[::]:0", "10.0.0.1:0", "localhost:0", ""}) {
        listener.address = address;
        const auto server = Server::start(listener, {}, services(), clock_);
        ASSERT_FALSE(server) << address;
        EXPECT_THAT(server.error().message, ::testing::HasSubstr("admin.tokens"));
    }
}

}  // namespace
}  // namespace tidegate::admin
