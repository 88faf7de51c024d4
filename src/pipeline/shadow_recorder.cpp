#include <tidegate/base/log.h>
#include <tidegate/calls/redact.h>
#include <tidegate/events/log.h>
#include <tidegate/metrics/series.h>
#include <tidegate/pipeline/feature_table.h>
#include <tidegate/pipeline/shadow_recorder.h>

#include <utility>

#include <pthread.h>

namespace tidegate::pipeline {
namespace {

dialect::DecodedAnswer decode(const events::Content& answer) {
    const std::string bytes = answer.bytes();
    const auto format = dialect::parse_format(answer.format);
    // A baseline is plain text.
    return format ? dialect::decode_answer(*format, answer.stream, bytes) : dialect::DecodedAnswer{bytes, {}};
}

calls::RecordScope scope_of(const FeatureTable& table) {
    return table.redact_content ? calls::RecordScope::all : calls::RecordScope::matched;
}

events::Content cut(const events::Content& whole, std::size_t most) {
    if (whole.kept() <= most)
        return whole;
    events::Content first(most);
    first.append(whole.bytes());
    events::Content cut = events::Content::of(first.bytes(), whole.total());
    cut.format = whole.format;
    cut.stream = whole.stream;
    return cut;
}

// As records keep it: without what guardrails keep out of them, and not longer than they may be.
events::Content kept(const events::Content& answer, const FeatureTable& table, const calls::Variant& variant,
                     const std::vector<guardrails::Trip>& trips) {
    if (table.max_content == 0)
        return events::Content(0);
    if (variant.guardrails.empty())
        return cut(answer, table.max_content);
    if (const auto format = dialect::parse_format(answer.format)) {
        return cut(calls::redacted_answer(answer, *format, variant.guardrails, trips, scope_of(table)),
                   table.max_content);
    }
    events::Content text(table.max_content);
    text.format = answer.format;
    text.append(calls::redacted_text(answer.bytes(), variant.guardrails, scope_of(table)));
    return text;
}

// A live call's request is in that call's record; only that of a baseline stands nowhere else.
events::Content kept_request(const ShadowPair& pair) {
    const FeatureTable& table = *pair.copy.table;
    events::Content request(table.max_content);
    if (pair.copy.role != events::ShadowRole::baseline || table.max_content == 0)
        return request;
    request.format = dialect::to_string(pair.copy.format);
    const auto& guardrails = pair.copy.runs().variant.guardrails;
    if (guardrails.empty()) {
        request.append(pair.copy.request());
    } else {
        request.append(calls::redacted_request(dialect::Operation::chat, pair.copy.request(), guardrails,
                                               pair.trips, scope_of(table)));
    }
    return request;
}

// Of a baseline the guardrails of the candidate decide what is kept: it answers the same request.
void keep_content(const ShadowPair& pair, events::CallRecord& record) {
    const FeatureTable& table = *pair.copy.table;
    const calls::Variant& variant = pair.copy.runs().variant;
    const bool is_baseline = pair.copy.live_variant == nullptr;
    record.answer = kept(record.answer, table, variant, pair.trips);
    record.live_answer = kept(record.live_answer, table, is_baseline ? variant : *pair.copy.live_variant,
                              is_baseline ? pair.trips : pair.copy.live_trips);
    record.request = kept_request(pair);
}

}  // namespace

ShadowRecorder::ShadowRecorder(events::Log& log, CompareAnswers compare)
    : log_(log), compare_(std::move(compare)), thread_([this] { run(); }) {}

ShadowRecorder::~ShadowRecorder() {
    close();
}

void ShadowRecorder::take(ShadowPair pair) {
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(pair));
    }
    wake_.notify_one();
}

void ShadowRecorder::close() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable())
        thread_.join();
}

void ShadowRecorder::run() {
    pthread_setname_np(pthread_self(), "shadow");
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return closing_ || !queue_.empty(); });
        if (queue_.empty())
            return;
        ShadowPair pair = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        record(std::move(pair));
        lock.lock();
    }
}

void ShadowRecorder::record(ShadowPair pair) {
    events::CallRecord& record = *pair.record;
    const bool is_whole = !record.answer.truncated() && !record.live_answer.truncated();
    // What the record says of the money must be kept, whatever comparing runs into.
    try {
        if (record.shadow && record.shadow->counts && !record.shadow->disagrees && is_whole) {
            compare_(decode(record.live_answer), decode(record.answer),
                     pair.copy.feature->shadow->minimum_similarity, *record.shadow);
        }
        keep_content(pair, record);
    } catch (const std::exception& exception) {
        log::error("shadow", "run {} could not be compared: {}", record.id.to_string(), exception.what());
        record.answer = record.live_answer = record.request = events::Content(0);
    }
    metrics::ShadowSeries& series = *pair.copy.runs().series;
    if (record.shadow && record.shadow->disagrees) {
        series.compared.increment();
        series.disagreed.increment(*record.shadow->disagrees ? 1 : 0);
    }
    log_.append(std::move(pair.record));
}

}  // namespace tidegate::pipeline
