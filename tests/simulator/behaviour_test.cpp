#include <tidegate/simulator/behaviour.h>

#include <gtest/gtest.h>

namespace tidegate::simulator {
namespace {

using namespace std::chrono_literals;

TEST(Behaviour, TakesDirectivesInAnyOrderAndTheLastWins) {
    const Result<Behaviour> behaviour =
        apply_directives("rate=80, status=503,chunk=4,status=429, retry-after=2", {});
    ASSERT_TRUE(behaviour);
    EXPECT_EQ(behaviour->fault, Fault::status);
    EXPECT_EQ(behaviour->status, 429);
    EXPECT_EQ(behaviour->retry_after, "2");
    EXPECT_EQ(behaviour->tokens_per_second, 80);
    EXPECT_EQ(behaviour->tokens_per_chunk, 4);
}

TEST(Behaviour, AppliesOnTopOfAnother) {
    const Behaviour base = apply_directives("latency=10ms, hang", {}).value();
    const Behaviour above = apply_directives("none, tokens=5", base).value();
    EXPECT_EQ(above.fault, Fault::none);
    EXPECT_EQ(above.latency.at(0.5), 10ms);
    EXPECT_EQ(above.tokens, 5);
}

TEST(Behaviour, NamesTheDirectiveThatIsWrong) {
    for (const char* wrong :
         {"hangs", "status=200", "status=", "rate=fast", "latency=5h", "latency=80ms/50ms", "chunk=0", "hang=1",
          "logprob=1", "tokens", "latency=10ms/20ms~5ms", "rate=inf", "rate=nan"}) {
        const Result<Behaviour> behaviour = apply_directives(std::string("echo, ") + wrong, {});
        ASSERT_FALSE(behaviour) << wrong;
        EXPECT_NE(behaviour.error().message.find(wrong), std::string::npos) << behaviour.error().message;
    }
}

TEST(Behaviour, DecodesTheTextThatItIsGiven) {
    EXPECT_EQ(apply_directives("text=one%2C%20two%2", {})->text, "one, two%2");
    EXPECT_FALSE(apply_directives("retry-after=1%0d%0ax: y", {}));
}

TEST(Latency, IsFixedOrSpreadAroundTheMeanOrByPercentiles) {
    EXPECT_EQ(apply_directives("latency=200", {})->latency.at(0.99), 200ms);
    const Latency normal = apply_directives("latency=200ms~50ms", {})->latency;
    EXPECT_NEAR(std::chrono::duration<double>(normal.at(0.5)).count(), 0.2, 1e-6);
    EXPECT_NEAR(std::chrono::duration<double>(normal.at(0.8413447)).count(), 0.25, 1e-5);
    EXPECT_EQ(apply_directives("latency=1ms~1s", {})->latency.at(0.001), 0ms) << "never below zero";
    const Latency list = apply_directives("latency=50ms/80ms/400ms", {})->latency;
    EXPECT_EQ(list.at(0), 50ms);
    EXPECT_EQ(list.at(0.5), 80ms);
    EXPECT_EQ(list.at(0.75), 240ms);
    EXPECT_EQ(list.at(1), 400ms);
}

TEST(ModelName, ParksTheDirectivesBehindTwoDashes) {
    EXPECT_EQ(split_model("demo--status=503,retry-after=1").model, "demo");
    EXPECT_EQ(split_model("demo--status=503,retry-after=1").directives, "status=503,retry-after=1");
    EXPECT_EQ(split_model("gpt-4.1-mini").model, "gpt-4.1-mini");
    EXPECT_EQ(split_model("gpt-4.1-mini").directives, "");
}

}  // namespace
}  // namespace tidegate::simulator
