#include "kafka_cluster.h"

#include <array>

#include <gtest/gtest.h>

namespace tidegate::events {
namespace {

constexpr const char* kTopic = "calls";
constexpr std::int32_t kBroker = 1;
constexpr std::int16_t kProduce = 0;  // of the protocol's list of requests
constexpr int kPatience = 10'000;     // milliseconds

rd_kafka_t* make(rd_kafka_type_t type, const std::vector<std::pair<const char*, std::string>>& properties) {
    std::array<char, 512> why{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    for (const auto& [name, value] : properties)
        EXPECT_EQ(rd_kafka_conf_set(conf, name, value.c_str(), why.data(), why.size()), RD_KAFKA_CONF_OK);
    rd_kafka_t* handle = rd_kafka_new(type, conf, why.data(), why.size());
    EXPECT_NE(handle, nullptr) << why.data();
    return handle;
}

KafkaMessage copy_of(const rd_kafka_message_t& message) {
    KafkaMessage copy;
    copy.key.assign(static_cast<const char*>(message.key), message.key_len);
    copy.value.assign(static_cast<const char*>(message.payload), message.len);
    copy.timestamp = rd_kafka_message_timestamp(&message, nullptr);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return copy;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; ++i)
        copy.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
    return copy;
}

}  // namespace

KafkaCluster::KafkaCluster()
    : host_(make(RD_KAFKA_PRODUCER, {{"log_level", "0"}})), cluster_(rd_kafka_mock_cluster_new(host_, 1)) {
    rd_kafka_mock_topic_create(cluster_, kTopic, 1, 1);
}

KafkaCluster::~KafkaCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(host_);
}

void KafkaCluster::set_up(bool up) {
    EXPECT_EQ(
        up ? rd_kafka_mock_broker_set_up(cluster_, kBroker) : rd_kafka_mock_broker_set_down(cluster_, kBroker),
        RD_KAFKA_RESP_ERR_NO_ERROR);
}

void KafkaCluster::set_delay(std::chrono::milliseconds delay) {
    EXPECT_EQ(rd_kafka_mock_broker_set_rtt(cluster_, kBroker, static_cast<int>(delay.count())),
              RD_KAFKA_RESP_ERR_NO_ERROR);
}

void KafkaCluster::answer_produce(const std::vector<rd_kafka_resp_err_t>& errors) {
    rd_kafka_mock_push_request_errors_array(cluster_, kProduce, errors.size(), errors.data());
}

std::vector<KafkaMessage> KafkaCluster::messages() const {
    rd_kafka_t* consumer = make(RD_KAFKA_CONSUMER, {{"bootstrap.servers", brokers()},
                                                    {"group.id", "test"},
                                                    {"enable.partition.eof", "true"},
                                                    {"log_level", "0"}});
    rd_kafka_topic_partition_list_t* where = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(where, kTopic, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(consumer, where);
    rd_kafka_topic_partition_list_destroy(where);
    std::vector<KafkaMessage> all;
    for (bool end = false; !end;) {
        rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, kPatience);
        if (message != nullptr && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            all.push_back(copy_of(*message));
        } else {
            EXPECT_TRUE(message != nullptr && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF);
            end = true;
        }
        if (message != nullptr)
            rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return all;
}

}  // namespace tidegate::events
