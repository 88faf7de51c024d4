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
    const auto headers = [this](std::string_view provider_lines) {
        std::string lines;
        exchange_.append_answer_headers(lines, provider_lines);
        return lines;
    };
    EXPECT_THAT(headers(""), HasSubstr("\r\nx-request-id: " + exchange_.id_text));
    EXPECT_THAT(headers("X-Request-ID: provider\r\n"), Not(HasSubstr("x-request-id: ")));
    EXPECT_THAT(headers("anthropic-x-request-id: other\r\n"), HasSubstr("\r\nx-request-id: "));
}

}  // namespace
}  // namespace tidegate::pipeline::test
