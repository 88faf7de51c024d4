// librdkafka's producer with an owner, and errors as values.
#pragma once

#include <tidegate/base/id.h>
#include <tidegate/base/result.h>
#include <tidegate/events/kafka.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <librdkafka/rdkafka.h>

namespace tidegate::events {

// One thread: what librdkafka has to say it says during `produce` and `wait`.
class KafkaProducer {
  public:
    using Time = std::chrono::steady_clock::time_point;

    // Connects in the background. Fails if the options make no sense to librdkafka.
    static Result<std::unique_ptr<KafkaProducer>> make(const KafkaOptions& options, std::size_t max_message);
    // What is not acknowledged is dropped.
    ~KafkaProducer();
    KafkaProducer(const KafkaProducer&) = delete;
    KafkaProducer& operator=(const KafkaProducer&) = delete;

    // Hands a message over; both texts are copied.
    Result<> produce(const CallId& id, std::string_view value);
    // Until the brokers have acknowledged everything that was handed over, the first failure, or `end`.
    // `too_large`: a broker takes no messages of this size.
    Result<> wait(const std::atomic<Time>& end);

  private:
    explicit KafkaProducer(const KafkaOptions& options) : options_(options) {}
    void note_delivery(const rd_kafka_message_t& message);
    void note_trouble(rd_kafka_resp_err_t code, const char* reason);
    Error failure() const;

    struct Destroy {
        void operator()(rd_kafka_t* handle) const;
    };

    const KafkaOptions& options_;
    std::unique_ptr<rd_kafka_t, Destroy> handle_;
    std::size_t waiting_ = 0;
    rd_kafka_resp_err_t first_failure_ = RD_KAFKA_RESP_ERR_NO_ERROR;
    std::string trouble_;  // the last of a broker or connection, until a record is acknowledged
    bool told_ = false;    // the operator was, of this trouble
};

}  // namespace tidegate::events
