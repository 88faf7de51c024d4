#include "records.h"

#include "events/content_codec.h"

#include <tidegate/base/log.h>

#include <fstream>
#include <iterator>

namespace tidegate::events {

using namespace std::chrono_literals;

// Recovery warns of every torn tail, and the tests make thousands.
const bool quiet = [] {
    log::set_level(log::Level::error);
    return true;
}();

CallRecord full_record(WallTime at) {
    CallRecord record = small_record(at);
    record.first_token = 40ms;
    record.upstream = 110ms;
    record.gateway = 10'500us;
    record.dialect = "openai";
    record.operation = "chat";
    record.stream = true;
    record.conversation = "c-\"quoted\"\n";
    record.key = "checkout-service";
    record.attributes = {{"plan", "pro"}, {"country", "DE"}, {"emoji \xf0\x9f\x98\x80", ""}};
    record.segments = {{"plan", "pro"}};
    record.rule = "pilot";
    record.reason = "split";
    record.bucket = 9999;
    record.unassigned = true;
    record.config_hash = "c0ffee";
    record.outcome = Outcome::fallback;
    record.error_code = "upstream_timeout";
    record.error_message = "no answer within 10 s";
    record.fallback_entry = "small";
    record.fallback_reason = "timeout";
    record.cache = "coalesced";
    record.cached_from = "0192f0c1-7b3a-7c1e-8f00-0123456789ab";
    record.prompt = "support-reply@3";
    record.prompt_hash = "abc";
    record.answered_model = "gpt-4.1-mini-2025-04-14";
    record.finish_reason = "stop";
    record.usage = {.input = 1,
                    .cache_read = 2,
                    .cache_write = 3,
                    .cache_write_1h = 4,
                    .output = 5,
                    .reasoning = 6,
                    .audio_input = 7,
                    .audio_output = 8,
                    .reported = true};
    record.usage_kind = UsageKind::reported;
    record.price_hash = "feed";
    Attempt& first = record.attempts.emplace_back();
    first.entry = "stable";
    first.provider = "openai";
    first.model = "gpt-large";
    first.model_id = "gpt-4.1-2025-04-14";
    first.prompt = "support-reply@3";
    first.started = 1ms;
    first.latency = 70ms;
    first.first_token = 60ms;
    first.reason = "timeout";
    first.status = 504;
    first.error = "nothing came";
    first.tries = 2;
    first.usage.input = 10;
    first.usage_kind = UsageKind::bounded;
    first.cost = NanoDollars{100'000};
    first.price_hash = "feed";
    first.account = "users";
    first.reserved = NanoDollars{250'000};
    first.lease = 17;
    first.lease_epoch = 1;
    first.key_lease = 18;
    first.key_lease_epoch = 2;
    first.trips = {{"pii", "email", "output", "redact", 2}};
    first.mean_logprob = -0.25;
    first.dropped = {"temperature", "top_p"};
    first.provider_request_id = "req_1";
    Attempt& second = record.attempts.emplace_back();
    second.number = 2;
    second.entry = "small";
    record.request.append(R"({"model":"support-reply","messages":[]})");
    record.request.format = "openai";
    record.answer.append(std::string("data: {}\n\n\xff\x00 not UTF-8", 22));
    record.answer.format = "anthropic";
    record.answer.stream = true;
    record.context = {"We open at 9.", "Größe"};
    return record;
}

CallRecord shadow_record(WallTime at) {
    CallRecord record = small_record(at);
    record.variant = "next";
    Shadow& shadow = record.shadow.emplace();
    shadow.role = ShadowRole::candidate;
    shadow.variant_hash = "beef";
    shadow.counts = true;
    shadow.latency = 900ms;
    shadow.trips = 1;
    shadow.disagrees = true;
    shadow.comparisons = {{"exact", 0, false}, {"token_similarity", 0.625, true}};
    shadow.live.call = "0192f0c1-7b3a-7c1e-8f00-0123456789ab";
    shadow.live.variant = "stable";
    shadow.live.model = "gpt-large";
    shadow.live.prompt = "support-reply@3";
    shadow.live.finish_reason = "stop";
    shadow.live.usage.output = 7;
    shadow.live.cost = NanoDollars{77'000};
    shadow.live.latency = 700ms;
    shadow.live.trips = 2;
    record.live_answer.append("At noon.");
    record.live_answer.format = "openai";
    return record;
}

LogRecord log_record(CallId id, RecordPosition position, const std::string& head, const std::string& content) {
    const auto group = std::make_shared_for_overwrite<char[]>(head.size() + content.size());
    std::ranges::copy(content, std::ranges::copy(head, group.get()).out);
    return {id, position, {group.get(), head.size()}, {group.get() + head.size(), content.size()}, group};
}

LogRecord log_record(const CallRecord& record, RecordPosition position) {
    std::string content;
    append_content(content, record);
    return log_record(record.id, position, encode(record, false), content);
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace tidegate::events
