#include "pipeline/credentials.h"

#include <gtest/gtest.h>

namespace tidegate::pipeline {
namespace {

std::optional<Unauthorized> check(const std::vector<http::Field>& fields, bool anonymous = true) {
    http::Request request;
    request.fields = fields;
    FeatureTable table;
    table.anonymous = anonymous;
    return check_credentials(request, table);
}

TEST(Credentials, AreTheSameInEachOfTheFourHeaders) {
    for (const http::Field& field : {http::Field{"Authorization", "Bearer k"}, http::Field{"x-api-key", "k"},
                                     http::Field{"API-Key", "k"}, http::Field{"x-goog-api-key", "k"}}) {
        EXPECT_FALSE(check({field})) << field.name;
        const auto refused = check({field}, false);
        ASSERT_TRUE(refused) << field.name;
        EXPECT_EQ(refused->status, 401);
    }
    EXPECT_EQ(check({}, false)->status, 401);
}

TEST(Credentials, MayBeRepeatedButNotContradictEachOther) {
    EXPECT_FALSE(check({{"authorization", "bearer k"}, {"x-api-key", "k"}}));
    for (const char* name : {"x-api-key", "api-key", "x-goog-api-key", "authorization"}) {
        const auto refused = check({{"authorization", "Bearer k"}, {name, "other"}});
        ASSERT_TRUE(refused) << name;
        EXPECT_EQ(refused->status, 400);
        EXPECT_EQ(refused->message.find("other"), std::string::npos);
    }
}

}  // namespace
}  // namespace tidegate::pipeline
