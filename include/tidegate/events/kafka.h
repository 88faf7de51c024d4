// The sink that sends each record to a Kafka topic. docs/events.md says what consumers and brokers may rely on.
#pragma once

#include <tidegate/events/sink.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace tidegate::events {

class KafkaProducer;

// How brokers are reached; the words are Kafka's own.
struct KafkaSecurity {
    std::string protocol = "plaintext";  // plaintext, ssl, sasl_plaintext, sasl_ssl
    std::string ca_file;                 // empty: the system's authorities
    std::string mechanism;               // PLAIN, SCRAM-SHA-256, SCRAM-SHA-512
    std::string username;
    std::string password;  // a secret

    bool operator==(const KafkaSecurity&) const = default;
};

// One `kafka` of the configuration's `events.sinks`.
struct KafkaOptions {
    // No topic takes less than this.
    static constexpr std::size_t kLeastMessage = 4096;

    std::string name = "kafka";
    std::string brokers;  // "k1:9092,k2:9092"
    std::string topic;
    std::size_t max_message = 1024 * 1024;  // bytes, at most the topic's `max.message.bytes`
    KafkaSecurity security;
    // How long brokers may take to acknowledge a record before it is sent anew.
    std::chrono::milliseconds acknowledge_within = std::chrono::seconds{60};

    bool operator==(const KafkaOptions&) const = default;
};

// At least once: the cursor in `cursor_file` is replaced when every replica in sync has the records, and until
// then they come again, with the same key. A record that is too long for a message is cut and says so. The
// producer is made anew after a failure, so that nothing of it outlives an unclear state.
class KafkaSink final : public Sink {
  public:
    KafkaSink(KafkaOptions options, std::string cursor_file);
    ~KafkaSink() override;
    const std::string& name() const override { return options_.name; }
    Result<std::optional<Cursor>> open() override;
    Result<> deliver(std::span<const LogRecord> records, Cursor next) override;
    void end_by(std::chrono::steady_clock::time_point time) override { end_.store(time); }

  private:
    Result<> send(std::span<const LogRecord> records);

    const KafkaOptions options_;
    const std::string cursor_file_;
    std::size_t max_message_;  // smaller than configured once a broker refused that
    std::unique_ptr<KafkaProducer> producer_;
    std::atomic<std::chrono::steady_clock::time_point> end_{std::chrono::steady_clock::time_point::max()};
};

}  // namespace tidegate::events
