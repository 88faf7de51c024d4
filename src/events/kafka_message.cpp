#include "kafka_message.h"

#include <tidegate/events/call_record.h>

#include <string_view>

namespace tidegate::events {
namespace {

// Less of a text than this tells nobody anything.
constexpr std::size_t kLeastContent = 256;

Content cut(const Content& whole, std::size_t keep) {
    Content part(keep);
    part.append(whole.bytes());
    Content cut = Content::of(part.bytes(), whole.total());
    cut.format = whole.format;
    cut.stream = whole.stream;
    return cut;
}

// At most `keep` bytes of each side, and whole texts of the context.
std::string encode_cut(const CallRecord& record, std::size_t keep) {
    CallRecord part = record;
    part.request = cut(record.request, keep);
    part.answer = cut(record.answer, keep);
    part.live_answer = cut(record.live_answer, keep);
    std::size_t context = 0;
    for (std::size_t i = 0; i < part.context.size(); ++i) {
        context += part.context[i].size();
        if (context > keep)
            part.context.resize(i);
    }
    std::string json = encode(part);
    constexpr std::string_view kBegin = R"(,"content":{)";
    const std::size_t head = encode(part, false).size() - 1;
    if (json.size() > head + kBegin.size())
        json.insert(head + kBegin.size(), R"("cut":true,)");
    return json;
}

// Names are at most 128 bytes, a user 256, all but the user of characters that JSON does not escape.
std::string summary(const LogRecord& record, const Result<CallRecord>& decoded) {
    CallRecord kept;
    kept.id = record.id;
    kept.started = record.id.time();
    if (decoded) {
        kept.started = decoded->started;
        kept.total = decoded->total;
        kept.feature = decoded->feature;
        kept.variant = decoded->variant;
        kept.user = decoded->user;
        kept.key = decoded->key;
        kept.model = decoded->model;
        kept.outcome = decoded->outcome;
        kept.status = decoded->status;
        kept.usage = decoded->usage;
        kept.usage_kind = decoded->usage_kind;
        kept.cost = decoded->cost;
    }
    std::string json = encode(kept, false);
    json.insert(json.size() - 1, R"(,"cut":true)");
    return json;
}

}  // namespace

std::string fit_message(const LogRecord& record, std::size_t limit) {
    std::string whole = record.json();
    if (whole.size() <= limit)
        return whole;
    const Result<CallRecord> decoded = decode(whole);
    // Each round takes away in proportion to what was too much: two or three are enough.
    for (std::size_t keep = decoded ? limit : 0; keep >= kLeastContent;) {
        std::string json = encode_cut(*decoded, keep);
        if (json.size() <= limit)
            return json;
        keep = keep * limit / json.size() * 15 / 16;
    }
    std::string head(record.head.substr(0, record.head.size() - 1));
    head += R"(,"content":{"cut":true}})";
    if (head.size() <= limit)
        return head;
    return summary(record, decoded);
}

}  // namespace tidegate::events
