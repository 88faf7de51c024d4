#include "pipeline/fixture.h"

#include <tidegate/pipeline/exchange.h>

#include <gmock/gmock.h>

namespace tidegate::pipeline::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class ExchangeTest : public ApiTest {
  protected:
    http::Request request_;
    Exchange exchange_{*state_, request_, writer_, dialect::Format::openai, dialect::Operation::chat};
};

TEST_F(ExchangeTest, KeepsTheFirstCauseAsItsOutcome) {
    EXPECT_FALSE(exchange_.settled());
    exchange_.settle(events::Outcome::timeout);
    exchange_.settle(events::Outcome::cancelled);
    exchange_.refuse(events::Outcome::client_error, 400, "invalid_request", "Wrong.");
    EXPECT_EQ(exchange_.outcome(), events::Outcome::timeout);
    EXPECT_EQ(exchange_.status(), 400);
}

TEST_F(ExchangeTest, EndsABegunStreamWithAnErrorEventInsteadOfABody) {
    exchange_.stream_begun = true;
    exchange_.refuse(events::Outcome::upstream_error, 500, "internal", "The gateway failed.");
    EXPECT_EQ(exchange_.status(), 200);
    EXPECT_THAT(exchange_.outgoing->body, testing::StartsWith("data: {"));
    EXPECT_EQ(exchange_.error_code(), "internal");
}

TEST_F(ExchangeTest, LeavesTheProvidersIdAndElseGivesItsOwn) {
    EXPECT_THAT(exchange_.answer_headers(""), HasSubstr("\r\nx-request-id: " + exchange_.id_text));
    const std::string lines = exchange_.answer_headers("X-Request-ID: provider\r\n");
    EXPECT_THAT(lines, Not(HasSubstr("x-request-id: ")));
    EXPECT_THAT(exchange_.answer_headers("anthropic-x-request-id: other\r\n"), HasSubstr("\r\nx-request-id: "));
}

}  // namespace
}  // namespace tidegate::pipeline::test
