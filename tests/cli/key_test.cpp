// `key new`: what is printed is a key of this gateway's configuration.
#include "cli/support.h"

#include <tidegate/base/digest.h>

namespace tidegate::cli {
namespace {

using namespace testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class KeyTest : public CliTest {
  protected:
    static std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }
};

TEST_F(KeyTest, IsPrintedWithTheDigestOfItsWhole) {
    const Outcome outcome = run({"key", "new", "checkout-service"});
    EXPECT_EQ(outcome.status, kOk);
    EXPECT_EQ(outcome.err, "");
    const std::string key = first_line(outcome.out);
    EXPECT_THAT(key, MatchesRegex("tg_[0-9a-f]{64}")) << "256 bits";
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("name: checkout-service"), HasSubstr(to_hex(digest_of(key)))));
    EXPECT_EQ(outcome.out.find(key), outcome.out.rfind(key)) << "once";
}

TEST_F(KeyTest, IsAnotherOneEachTime) {
    EXPECT_NE(first_line(run({"key", "new", "a"}).out), first_line(run({"key", "new", "a"}).out));
}

TEST_F(KeyTest, ComesAsJsonForScripts) {
    const Outcome outcome = run({"key", "new", "a", "--json"});
    const json answer = json::parse(outcome.out);
    EXPECT_EQ(answer["name"], "a");
    EXPECT_EQ(answer["sha256"], to_hex(digest_of(answer["key"].get<std::string>())));
}

}  // namespace
}  // namespace tidegate::cli
