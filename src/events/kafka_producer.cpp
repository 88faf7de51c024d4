#include "kafka_producer.h"

#include <tidegate/base/log.h>
#include <tidegate/events/call_record.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace tidegate::events {
namespace {

using std::chrono::steady_clock;

constexpr int kPollMilliseconds = 50;  // how late the end of the process is noticed
constexpr std::size_t kLargestBatch = 1'000'000;

using Properties = std::vector<std::pair<const char*, std::string>>;

// What is said nowhere in the configuration has a reason here.
Properties properties_of(const KafkaOptions& options, std::size_t max_message) {
    const KafkaSecurity& security = options.security;
    Properties all{
        {"bootstrap.servers", options.brokers},
        {"client.id", "tidegate"},
        {"enable.idempotence", "true"},
        {"acks", "all"},
        {"compression.type", "zstd"},
        {"partitioner", "murmur2_random"},  // the partitions that Kafka's own producers choose
        {"message.max.bytes", std::to_string(max_message)},
        {"batch.size", std::to_string(std::min(max_message, kLargestBatch))},
        {"message.timeout.ms", std::to_string(options.acknowledge_within.count())},
        {"reconnect.backoff.max.ms", "2000"},  // an outage ends when it ends
        {"socket.keepalive.enable", "true"},   // a broker that vanished is noticed
        {"log.queue", "true"},                 // lines come while polled, not from other threads
        {"log.connection.close", "false"},     // brokers close idle connections
        {"security.protocol", security.protocol},
    };
    if (!security.ca_file.empty())
        all.emplace_back("ssl.ca.location", security.ca_file);
    if (!security.mechanism.empty()) {
        all.emplace_back("sasl.mechanism", security.mechanism);
        all.emplace_back("sasl.username", security.username);
        all.emplace_back("sasl.password", security.password);
    }
    return all;
}

void log_line(const rd_kafka_t*, int, const char*, const char* text) {
    log::debug("events", "librdkafka: {}", text);
}

Error kafka_error(ErrorKind kind, std::string message) {
    return Error{kind, ErrorSource::upstream, std::move(message)};
}

rd_kafka_vu_t header_part(const char* name, std::string_view value) {
    rd_kafka_vu_t part{};
    part.vtype = RD_KAFKA_VTYPE_HEADER;
    part.u.header = {name, value.data(), static_cast<ssize_t>(value.size())};
    return part;
}

rd_kafka_vu_t bytes_part(rd_kafka_vtype_t type, std::string_view value) {
    rd_kafka_vu_t part{};
    part.vtype = type;
    // librdkafka only reads it, as RD_KAFKA_MSG_F_COPY says.
    part.u.mem = {const_cast<char*>(value.data()), value.size()};
    return part;
}

}  // namespace

void KafkaProducer::Destroy::operator()(rd_kafka_t* handle) const {
    rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    rd_kafka_destroy(handle);
}

KafkaProducer::~KafkaProducer() = default;

Result<std::unique_ptr<KafkaProducer>> KafkaProducer::make(const KafkaOptions& options,
                                                           std::size_t max_message) {
    std::unique_ptr<KafkaProducer> producer(new KafkaProducer(options));
    std::unique_ptr<rd_kafka_conf_t, decltype(&rd_kafka_conf_destroy)> conf(rd_kafka_conf_new(),
                                                                            &rd_kafka_conf_destroy);
    std::array<char, 512> why{};
    for (const auto& [name, value] : properties_of(options, max_message)) {
        if (rd_kafka_conf_set(conf.get(), name, value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK) {
            // The reason would repeat the value, which may be a secret.
            return kafka_error(ErrorKind::invalid_input,
                               fmt::format("librdkafka refuses the value of {}", name));
        }
    }
    rd_kafka_conf_set_opaque(conf.get(), producer.get());
    rd_kafka_conf_set_log_cb(conf.get(), &log_line);
    rd_kafka_conf_set_dr_msg_cb(conf.get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
        static_cast<KafkaProducer*>(self)->note_delivery(*message);
    });
    rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int code, const char* reason, void* self) {
        static_cast<KafkaProducer*>(self)->note_trouble(static_cast<rd_kafka_resp_err_t>(code), reason);
    });
    rd_kafka_t* handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size());
    if (handle == nullptr) {
        const std::string& file = options.security.ca_file;
        return kafka_error(ErrorKind::invalid_input, fmt::format("no Kafka producer: {}{}{}", why.data(),
                                                                 file.empty() ? "" : ", of ", file));
    }
    [[maybe_unused]] const rd_kafka_conf_t* theirs = conf.release();  // the handle's from here on
    producer->handle_.reset(handle);
    rd_kafka_set_log_queue(handle, nullptr);
    return producer;
}

Result<> KafkaProducer::produce(const CallId& id, std::string_view value) {
    const std::string key = id.to_string();
    const std::string schema = std::to_string(kRecordSchema);
    std::array<rd_kafka_vu_t, 7> parts{};
    parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
    parts[0].u.cstr = options_.topic.c_str();
    parts[1].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
    parts[1].u.i = RD_KAFKA_MSG_F_COPY;
    parts[2].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
    parts[2].u.i64 = std::chrono::floor<std::chrono::milliseconds>(id.time()).time_since_epoch().count();
    parts[3] = bytes_part(RD_KAFKA_VTYPE_KEY, key);
    parts[4] = bytes_part(RD_KAFKA_VTYPE_VALUE, value);
    parts[5] = header_part("schema", schema);
    parts[6] = header_part("content-type", "application/json");
    for (;;) {
        rd_kafka_error_t* error = rd_kafka_produceva(handle_.get(), parts.data(), parts.size());
        if (error == nullptr)
            break;
        const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
        const std::string text = rd_kafka_error_string(error);
        rd_kafka_error_destroy(error);
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return kafka_error(ErrorKind::unavailable, fmt::format("record {} cannot be sent: {}", key, text));
        rd_kafka_poll(handle_.get(), kPollMilliseconds);
        if (first_failure_ != RD_KAFKA_RESP_ERR_NO_ERROR)
            return failure();
    }
    ++waiting_;
    return {};
}

Result<> KafkaProducer::wait(const std::atomic<Time>& end) {
    while (waiting_ > 0 && first_failure_ == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_poll(handle_.get(), kPollMilliseconds);
        if (waiting_ > 0 && steady_clock::now() >= end.load())
            return kafka_error(ErrorKind::cancelled,
                               fmt::format("{} record(s) were not acknowledged before the end", waiting_));
    }
    if (first_failure_ != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failure();
    return {};
}

void KafkaProducer::note_delivery(const rd_kafka_message_t& message) {
    --waiting_;
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (first_failure_ == RD_KAFKA_RESP_ERR_NO_ERROR)
            first_failure_ = message.err;
        return;
    }
    trouble_.clear();
    if (std::exchange(told_, false))
        log::info("events", "sink {}: the brokers take records again", options_.name);
}

void KafkaProducer::note_trouble(rd_kafka_resp_err_t code, const char* reason) {
    // What makes the whole producer useless stands in the failures of its messages too.
    trouble_ = reason;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || std::exchange(told_, true))
        return;
    log::warn("events", "sink {}: {}; records wait in the log", options_.name, reason);
}

Error KafkaProducer::failure() const {
    const char* what = rd_kafka_err2str(first_failure_);
    if (first_failure_ == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        return kafka_error(ErrorKind::too_large, what);
    std::string text = first_failure_ == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT
                           ? fmt::format("no broker took the records within {} s",
                                         std::chrono::duration<double>(options_.acknowledge_within).count())
                           : fmt::format("topic {}: {}", options_.topic, what);
    if (!trouble_.empty())
        fmt::format_to(std::back_inserter(text), " ({})", trouble_);
    return kafka_error(ErrorKind::unavailable, std::move(text));
}

}  // namespace tidegate::events
