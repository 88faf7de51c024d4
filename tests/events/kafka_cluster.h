// librdkafka's own cluster of mock brokers, and what was sent to a topic of it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>
// It needs the one above.
#include <librdkafka/rdkafka_mock.h>

namespace tidegate::events {

struct KafkaMessage {
    std::string key;
    std::string value;
    std::int64_t timestamp = 0;
    std::vector<std::pair<std::string, std::string>> headers;
};

// One broker, one topic "calls" of one partition, so that the order is seen.
class KafkaCluster {
  public:
    KafkaCluster();
    ~KafkaCluster();
    KafkaCluster(const KafkaCluster&) = delete;
    KafkaCluster& operator=(const KafkaCluster&) = delete;

    std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
    void set_up(bool up);
    // How long it takes with every answer.
    void set_delay(std::chrono::milliseconds delay);
    // What the broker answers to the next requests to produce.
    void answer_produce(const std::vector<rd_kafka_resp_err_t>& errors);
    // All messages of the topic so far, from its beginning.
    std::vector<KafkaMessage> messages() const;

  private:
    rd_kafka_t* host_;
    rd_kafka_mock_cluster_t* cluster_;
};

}  // namespace tidegate::events
