#include "pipeline/credentials.h"

#include <gmock/gmock.h>

namespace tidegate::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::array<std::string_view, 4> kHeaders{"authorization", "x-api-key", "api-key", "x-goog-api-key"};

// A key `app` of the secret `tg_right`; or none, and anonymous callers.
class Credentials : public testing::Test {
  protected:
    Caller find(const std::vector<http::Field>& fields, std::string_view query = {}) {
        http::Request request;
        request.fields = fields;
        request.query = query;
        return find_caller(request, table_);
    }
    void add_key() {
        access::KeyOptions app;
        app.name = "app";
        app.digests = {digest_of("tg_right")};
        app.features = {"reply"};
        app.models = {"large"};
        table_.keys = access::KeyRing({app}, limits_);
    }

    access::KeyLimits limits_;
    FeatureTable table_;
};

TEST_F(Credentials, AreTheSameInEachOfTheFourHeaders) {
    add_key();
    for (const std::string_view name : kHeaders) {
        EXPECT_EQ(find({{name, "tg_right"}}).key->name(), "app") << name;
        for (const std::string_view wrong :
             {"tg_wrong", "tg_righ", "tg_rightx", "TG_RIGHT", "Basic tg_right", ""}) {
            const Caller caller = find({{name, wrong}});
            EXPECT_EQ(caller.key, nullptr) << name << ": " << wrong;
            ASSERT_TRUE(caller.refused) << name << ": " << wrong;
            EXPECT_EQ(caller.refused->status, 401);
        }
    }
}

TEST_F(Credentials, MayHaveTheSchemeBearerInAnyCase) {
    add_key();
    for (const std::string_view value : {"Bearer tg_right", "bearer tg_right", "BEARER  tg_right"})
        EXPECT_NE(find({{"Authorization", value}}).key, nullptr) << value;
    EXPECT_EQ(find({{"x-api-key", "Bearer tg_right"}}).key, nullptr);
}

TEST_F(Credentials, MayBeRepeatedButNotContradictEachOther) {
    add_key();
    for (const std::string_view first : kHeaders) {
        for (const std::string_view second : kHeaders) {
            EXPECT_NE(find({{first, "tg_right"}, {second, "tg_right"}}).key, nullptr) << first << second;
            for (const bool right_first : {true, false}) {
                const Caller caller = find({{first, right_first ? "tg_right" : "tg_other"},
                                            {second, right_first ? "tg_other" : "tg_right"}});
                EXPECT_EQ(caller.key, nullptr);
                ASSERT_TRUE(caller.refused) << first << second;
                EXPECT_EQ(caller.refused->status, 400);
                EXPECT_THAT(caller.refused->message, Not(HasSubstr("tg_")));
            }
        }
    }
}

TEST_F(Credentials, AreNotTakenFromElsewhere) {
    add_key();
    for (const http::Field& field :
         {http::Field{"cookie", "x-api-key=tg_right"}, http::Field{"x-auth", "tg_right"},
          http::Field{"proxy-authorization", "Bearer tg_right"}, http::Field{"x-tidegate-key", "tg_right"}})
        EXPECT_TRUE(find({field}).refused) << field.name;
    EXPECT_TRUE(find({}, "key=tg_right&api_key=tg_right&x-api-key=tg_right").refused);
}

TEST_F(Credentials, AreRefusedInTheSameWordsWhetherMissingOrWrong) {
    add_key();
    const Caller missing = find({});
    const Caller wrong = find({{"x-api-key", "tg_wrong"}});
    EXPECT_EQ(missing.refused->message, wrong.refused->message);
    EXPECT_EQ(missing.refused->header_lines, wrong.refused->header_lines);
    EXPECT_THAT(missing.refused->header_lines, HasSubstr("www-authenticate: Bearer"));
    EXPECT_THAT(missing.refused->message, Not(HasSubstr("app")));
}

TEST_F(Credentials, AreNeededWithoutAKeyUnlessAnyoneIsServed) {
    EXPECT_EQ(find({}).refused->status, 401);
    EXPECT_EQ(find({{"x-api-key", "tg_right"}}).refused->status, 401);
    table_.anonymous = true;
    EXPECT_FALSE(find({}).refused);
    EXPECT_EQ(find({}).key, nullptr);
    EXPECT_FALSE(find({{"authorization", "Bearer whatever the SDK sends"}}).refused);
}

TEST_F(Credentials, AreNeededAsSoonAsThereIsAKeyWhateverElseIsConfigured) {
    table_.anonymous = true;
    add_key();
    EXPECT_EQ(find({}).refused->status, 401);
}

TEST_F(Credentials, ShowAKeyWhatItMayUseAndAnonymousCallersEveryFeature) {
    table_.features["reply"].name = "reply";
    table_.features["secret"].name = "secret";
    EXPECT_THAT(visible_names(nullptr, table_), ElementsAre("reply", "secret"));
    EXPECT_TRUE(is_visible(nullptr, table_, "secret"));
    add_key();
    const access::Key* key = table_.keys.find("tg_right");
    EXPECT_THAT(visible_names(key, table_), ElementsAre("reply", "large"));
    EXPECT_TRUE(is_visible(key, table_, "large"));
    EXPECT_FALSE(is_visible(key, table_, "secret"));
    EXPECT_FALSE(is_visible(key, table_, "nowhere"));
}

}  // namespace
}  // namespace tidegate::pipeline
