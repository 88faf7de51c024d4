#include "admin/support.h"

namespace tidegate::admin::testing {
namespace {

using namespace std::chrono_literals;

class ShadowApiTest : public AdminTest {};

TEST_F(ShadowApiTest, AReportIsAskedForByFeatureAndTime) {
    start();
    const Reply reply = get("/admin/v1/shadow/alpha?since=2h");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "{\"verdict\":\"pass\"}\n");
    EXPECT_EQ(asked_shadow_.first, "alpha");
    EXPECT_EQ(asked_shadow_.second, kNow - 2h);
    get("/admin/v1/shadow/alpha");
    EXPECT_FALSE(asked_shadow_.second);
}

TEST_F(ShadowApiTest, AFeatureWithoutALaneIsNotFound) {
    start();
    const Reply reply = get("/admin/v1/shadow/beta");
    EXPECT_EQ(reply.status, 404);
    EXPECT_NE(reply.body.find("no shadow lane"), std::string::npos);
}

TEST_F(ShadowApiTest, AFeatureThatTheTokenMayNotSeeIsNotAskedFor) {
    start({.metrics = MetricsPolicy::token, .tokens = {token("t", Role::viewer, false, {"beta"})}});
    EXPECT_EQ(get("/admin/v1/shadow/alpha", bearer("t")).status, 404);
    EXPECT_EQ(asked_shadow_.first, "");
}

TEST_F(ShadowApiTest, AWrongTimeIsRefused) {
    start();
    EXPECT_EQ(get("/admin/v1/shadow/alpha?since=yesterday").status, 400);
    EXPECT_EQ(get("/admin/v1/shadow/alpha?until=2h").status, 400);
    EXPECT_EQ(asked_shadow_.first, "");
}

TEST_F(ShadowApiTest, CallsAreTheUsersUnlessShadowIsAskedFor) {
    start();
    get("/admin/v1/calls");
    get("/admin/v1/calls?shadow=false");
    get("/admin/v1/calls?shadow=true&feature=alpha");
    ASSERT_EQ(filters_.size(), 3U);
    EXPECT_FALSE(filters_[0].shadow);
    EXPECT_FALSE(filters_[1].shadow);
    EXPECT_TRUE(filters_[2].shadow);
    EXPECT_EQ(get("/admin/v1/calls?shadow=maybe").status, 400);
}

}  // namespace
}  // namespace tidegate::admin::testing
