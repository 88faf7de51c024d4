#include "kafka_cluster.h"
#include "records.h"

#include <tidegate/events/kafka.h>
#include <tidegate/events/sink_runner.h>

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::events {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class KafkaTest : public testing::Test {
  protected:
    KafkaOptions options() {
        KafkaOptions options;
        options.brokers = cluster_.brokers();
        options.topic = "calls";
        return options;
    }
    std::unique_ptr<KafkaSink> make(KafkaOptions options) {
        return std::make_unique<KafkaSink>(std::move(options), cursor_file_);
    }
    // `count` new records, as a runner would: after a failure it opens the sink again.
    Result<> deliver(KafkaSink& sink, int count, std::size_t content = 10) {
        batch_.clear();
        for (int i = 0; i < count; ++i) {
            CallRecord record = full_record(kNovember + std::chrono::milliseconds{++made_});
            record.request.append(std::string(content, 'q'));
            batch_.push_back(log_record(record));
        }
        return again(sink);
    }
    Result<> again(KafkaSink& sink) {
        Result<std::optional<Cursor>> opened = sink.open();
        EXPECT_TRUE(opened) << opened.error().text();
        return sink.deliver(batch_, {1, static_cast<std::uint64_t>(made_)});
    }
    std::string cursor() const { return read_file(cursor_file_); }
    std::vector<std::string> keys() {
        std::vector<std::string> all;
        for (const KafkaMessage& message : cluster_.messages()) all.push_back(message.key);
        return all;
    }
    std::vector<std::string> batch_keys() {
        std::vector<std::string> all;
        for (const LogRecord& record : batch_) all.push_back(record.id.to_string());
        return all;
    }

    KafkaCluster cluster_;
    TemporaryFolder folder_;
    const std::string cursor_file_ = folder_ / "cursor";
    std::vector<LogRecord> batch_;
    int made_ = 0;
};

TEST_F(KafkaTest, SendsEachRecordUnderItsIdWithItsSchema) {
    const auto sink = make(options());
    EXPECT_EQ(*sink->open(), std::nullopt) << "it never ran";
    ASSERT_TRUE(deliver(*sink, 3));
    EXPECT_EQ(cursor(), "1 3\n");
    const std::vector<KafkaMessage> messages = cluster_.messages();
    ASSERT_EQ(messages.size(), 3U);
    for (std::size_t i = 0; i < messages.size(); ++i) {
        EXPECT_EQ(messages[i].key, batch_[i].id.to_string());
        EXPECT_EQ(messages[i].value, batch_[i].json());
        EXPECT_EQ(std::chrono::milliseconds{messages[i].timestamp}, batch_[i].id.time().time_since_epoch());
        EXPECT_THAT(messages[i].headers,
                    ElementsAre(Pair("schema", "1"), Pair("content-type", "application/json")));
    }
}

TEST_F(KafkaTest, RemembersNothingThatTheBrokerRefused) {
    const auto sink = make(options());
    ASSERT_TRUE(deliver(*sink, 1));
    cluster_.answer_produce({RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
    const Result<> refused = deliver(*sink, 5);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text(), HasSubstr("topic calls"));
    EXPECT_EQ(cursor(), "1 1\n");
    ASSERT_TRUE(again(*sink));
    EXPECT_EQ(cursor(), "1 6\n");
    EXPECT_EQ(keys().size(), 6U);
}

TEST_F(KafkaTest, WaitsOutWhatPassesWithoutSendingTwice) {
    const auto sink = make(options());
    cluster_.answer_produce({RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                             RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS});
    ASSERT_TRUE(deliver(*sink, 20));
    EXPECT_EQ(keys(), batch_keys());
}

TEST_F(KafkaTest, NothingIsLostWhenTheBrokerIsAwayForLongerThanItMayTakeToAcknowledge) {
    KafkaOptions impatient = options();
    impatient.acknowledge_within = 100ms;
    const auto sink = make(impatient);
    cluster_.set_up(false);
    const Result<> away = deliver(*sink, 10);
    ASSERT_FALSE(away);
    EXPECT_THAT(away.error().text(), HasSubstr("no broker took the records within 0.1 s"));
    EXPECT_EQ(cursor(), "");
    cluster_.set_up(true);
    Result<> back = again(*sink);
    while (!back) back = again(*sink);
    EXPECT_EQ(cursor(), "1 10\n");
    EXPECT_THAT(keys(), testing::IsSupersetOf(batch_keys()));
}

TEST_F(KafkaTest, WhatTheBrokerTookWithoutSayingSoComesAgainUnderTheSameKey) {
    KafkaOptions impatient = options();
    impatient.acknowledge_within = 1500ms;
    const auto sink = make(impatient);
    ASSERT_TRUE(deliver(*sink, 1));
    cluster_.set_delay(1000ms);  // connecting takes some answers already
    ASSERT_FALSE(deliver(*sink, 3));
    EXPECT_EQ(cursor(), "1 1\n");
    cluster_.set_delay(0ms);
    ASSERT_TRUE(again(*sink));
    EXPECT_EQ(cursor(), "1 4\n");
    EXPECT_THAT(keys(), testing::IsSupersetOf(batch_keys()));
}

TEST_F(KafkaTest, CutsWhatIsTooLongForAMessage) {
    KafkaOptions small = options();
    small.max_message = 20'000;
    const auto sink = make(small);
    ASSERT_TRUE(deliver(*sink, 3, 100'000));
    const std::vector<KafkaMessage> messages = cluster_.messages();
    ASSERT_EQ(messages.size(), 3U);
    for (const KafkaMessage& message : messages) {
        EXPECT_LE(message.value.size(), 20'000U);
        EXPECT_GT(message.value.size(), 15'000U);
        const Result<CallRecord> record = decode(message.value);
        ASSERT_TRUE(record) << message.value;
        EXPECT_TRUE(record->request.truncated());
    }
}

TEST_F(KafkaTest, SendsSmallerMessagesToATopicThatTakesLess) {
    const auto sink = make(options());
    cluster_.answer_produce({RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
    const Result<> refused = deliver(*sink, 1, 900'000);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text(), HasSubstr("set max_message"));
    EXPECT_TRUE(cluster_.messages().empty());
    ASSERT_TRUE(again(*sink));
    const std::vector<KafkaMessage> messages = cluster_.messages();
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_LE(messages[0].value.size(), 512U * 1024);
    EXPECT_GT(messages[0].value.size(), 400U * 1024);
}

TEST_F(KafkaTest, SaysWhatToDoAboutATopicThatTakesNothing) {
    KafkaOptions least = options();
    least.max_message = KafkaOptions::kLeastMessage;
    const auto sink = make(least);
    cluster_.answer_produce({RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
    const Result<> refused = deliver(*sink, 1);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text(), HasSubstr("raise its max.message.bytes"));
    EXPECT_TRUE(again(*sink)) << "and it goes on trying";
}

TEST_F(KafkaTest, EndsAtOnceWhenTheProcessEnds) {
    const auto sink = make(options());
    cluster_.set_up(false);
    std::future<Result<>> delivered = std::async(std::launch::async, [&] { return deliver(*sink, 10); });
    sink->end_by(std::chrono::steady_clock::now());
    const Result<> ended = delivered.get();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().kind, ErrorKind::cancelled);
    EXPECT_EQ(cursor(), "");
}

TEST_F(KafkaTest, ARunnerCatchesUpAfterAnOutage) {
    ManualClock clock{kNovember};
    const auto log = open_log(log_options(folder_ / "log"), clock);
    KafkaOptions impatient = options();
    impatient.acknowledge_within = 200ms;
    SinkRunnerOptions often;
    often.interval = often.retry = 1ms;
    often.batch.records = 50;
    SinkRunner runner(*log, make(impatient), clock, often);
    std::set<std::string> sent;
    const auto append = [&](int count) {
        for (int i = 0; i < count; ++i) {
            const CallRecord record = small_record(clock.wall());
            sent.insert(record.id.to_string());
            append_and_wait(*log, record);
        }
    };
    append(10);
    while (runner.stats().published < 10) std::this_thread::yield();
    cluster_.set_up(false);
    append(200);
    while (!runner.stats().failed) std::this_thread::yield();
    EXPECT_LT(runner.passed(), log->synced()) << "the log keeps them";
    cluster_.set_up(true);
    while (runner.stats().published < 210) std::this_thread::yield();
    runner.finish(60s);
    const std::vector<std::string> there = keys();
    EXPECT_EQ(std::set<std::string>(there.begin(), there.end()), sent);
    EXPECT_EQ(runner.passed(), log->synced());
}

TEST(KafkaSecurity, NoErrorHoldsThePassword) {
    TemporaryFolder folder;
    KafkaOptions options;
    options.brokers = "127.0.0.1:1";
    options.topic = "calls";
    options.security = {"sasl_ssl", folder / "no-such-file", "PLAIN", "gateway", "hush-hush"};
    const Result<std::optional<Cursor>> opened = KafkaSink(options, folder / "cursor").open();
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().text(), HasSubstr("no-such-file"));
    EXPECT_THAT(opened.error().text(), testing::Not(HasSubstr("hush-hush")));
}

}  // namespace
}  // namespace tidegate::events
