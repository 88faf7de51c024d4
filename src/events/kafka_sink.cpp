#include "cursor_file.h"
#include "kafka_message.h"
#include "kafka_producer.h"

#include <tidegate/base/log.h>
#include <tidegate/events/kafka.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace tidegate::events {
namespace {

// What a batch of one message has besides the record: its own head, key, headers.
constexpr std::size_t kOverhead = 512;

}  // namespace

KafkaSink::KafkaSink(KafkaOptions options, std::string cursor_file)
    : options_(std::move(options)),
      cursor_file_(std::move(cursor_file)),
      max_message_(std::max(options_.max_message, KafkaOptions::kLeastMessage)) {}

KafkaSink::~KafkaSink() = default;

Result<std::optional<Cursor>> KafkaSink::open() {
    producer_.reset();
    Result<std::unique_ptr<KafkaProducer>> producer = KafkaProducer::make(options_, max_message_);
    if (!producer)
        return producer.error();
    producer_ = std::move(*producer);
    return load_cursor(cursor_file_);
}

Result<> KafkaSink::deliver(std::span<const LogRecord> records, Cursor next) {
    if (Result<> sent = send(records); !sent) {
        producer_.reset();
        return sent;
    }
    return save_cursor(cursor_file_, next);
}

Result<> KafkaSink::send(std::span<const LogRecord> records) {
    for (const LogRecord& record : records) {
        if (Result<> handed = producer_->produce(record.id, fit_message(record, max_message_ - kOverhead));
            !handed) {
            return handed;
        }
    }
    Result<> taken = producer_->wait(end_);
    if (taken || taken.error().kind != ErrorKind::too_large)
        return taken;
    if (max_message_ == KafkaOptions::kLeastMessage) {
        return wrap(taken.error(), fmt::format("topic {} takes no message of {} bytes; raise its "
                                               "max.message.bytes",
                                               options_.topic, max_message_));
    }
    const std::size_t before =
        std::exchange(max_message_, std::max(max_message_ / 2, KafkaOptions::kLeastMessage));
    return wrap(taken.error(),
                fmt::format("topic {} takes no message of {} bytes, so records are cut to {}: set "
                            "max_message to the topic's max.message.bytes",
                            options_.topic, before, max_message_));
}

}  // namespace tidegate::events
