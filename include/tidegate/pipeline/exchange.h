// The one object of a request: what came in, the decision, the attempts, what goes out, the times.
#pragma once

#include <tidegate/access/key_ring.h>
#include <tidegate/async/task.h>
#include <tidegate/base/clock.h>
#include <tidegate/base/id.h>
#include <tidegate/base/money.h>
#include <tidegate/dialect/format.h>
#include <tidegate/dialect/request_view.h>
#include <tidegate/events/call_record.h>
#include <tidegate/flags/attributes.h>
#include <tidegate/flags/decide.h>
#include <tidegate/guardrails/guardrail.h>
#include <tidegate/pipeline/cache_use.h>
#include <tidegate/pipeline/feature_table.h>
#include <tidegate/pipeline/shadow_use.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::http {
struct Request;
class ResponseWriter;
}  // namespace tidegate::http

namespace tidegate::pipeline {

class DurableSignal;
class ThreadState;

// What the client gets in one piece: a whole answer, or the end of a stream that has begun.
struct Outgoing {
    int status = 200;
    std::string header_lines;  // besides content-type and those of every answer
    std::string body;          // the last bytes, if the stream has begun
    std::string_view content_type = "application/json";
};

// Lives on the coroutine of its request, on one I/O thread. Stages read and fill it; nothing keeps a reference
// to it beyond `complete`.
class Exchange {
  public:
    Exchange(ThreadState& thread, const http::Request& request, http::ResponseWriter& writer,
             dialect::Format format, dialect::Operation operation);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // What came in.
    ThreadState& thread;
    const http::Request& request;
    http::ResponseWriter& writer;
    const dialect::Format format;
    const dialect::Operation operation;
    const WallTime started;
    const CallId id;
    const std::string id_text;
    const SteadyTime received;
    // The snapshot this request began with, and keeps.
    const std::shared_ptr<const FeatureTable> table;
    dialect::RequestView view;  // of nothing until the body was read, which is before the first stage begins

    // Who asks, and what was decided.
    const access::Key* key = nullptr;  // null: anonymous; lives as long as the table
    access::Permit permit;             // the key's place for this request
    const Feature* feature = nullptr;
    std::optional<std::size_t> direct_variant;  // of the feature `direct`: that of the model that was named
    std::string_view user;
    std::string_view conversation;
    std::vector<std::pair<std::string, flags::AttributeValue>> header_attributes;  // over the body's
    flags::Attributes attributes;
    std::vector<std::pair<std::string, std::string>> header_variables;  // over the body's
    flags::Decision decision;
    const FeatureVariant* variant = nullptr;  // the decided one

    CacheUse cache;
    ShadowUse shadow;

    // What was tried, by `answer`.
    std::vector<events::Attempt> attempts;
    std::vector<const FeatureVariant*> tried;
    std::vector<guardrails::Trip> trips;
    // One variant was tried, and its input guardrails found nothing in any text of the request.
    bool request_clean = false;
    const FeatureVariant* answered_by = nullptr;  // nothing if no variant did
    std::string fallback_entry;
    std::string fallback_reason;
    bool degraded = false;  // the budget chose what answers
    std::string answered_model;
    std::string finish_reason;
    std::optional<Duration> first_token;
    Duration upstream_wait{};                 // of the attempts that have ended
    std::optional<SteadyTime> waiting_since;  // of the one in progress
    std::optional<NanoDollars> cost;          // of all attempts; nothing before the first has ended
    events::Content answer_content;

    // What goes out.
    std::optional<Outgoing> outgoing;
    bool stream_begun = false;
    bool delivered = false;     // the client's side took the last byte
    bool unrecordable = false;  // refused before it became a call: a metric, but no record

    // The first cause sets the outcome; later ones are ignored.
    void settle(events::Outcome outcome);
    events::Outcome outcome() const { return outcome_.value_or(events::Outcome::ok); }
    bool settled() const { return outcome_.has_value(); }

    // Answers with an error in the client's dialect; `code` is one of docs/errors.md. Sets the outcome, unless
    // there is one. A stream that has begun ends with an error event instead.
    void refuse(events::Outcome outcome, int status, std::string_view code, std::string_view message,
                std::string extra_header_lines = {});
    // The same for the record alone, when the answer's bytes are there already.
    void note_error(std::string_view code, std::string_view message);
    std::string_view error_code() const { return error_code_; }
    std::string_view error_message() const { return error_message_; }
    // As answered; 0 if nothing was.
    int status() const { return outgoing ? outgoing->status : stream_begun ? 200 : 0; }

    // Strict durability: set by `record` in its `complete`, awaited before the last byte. True when there is
    // nothing to wait for.
    std::shared_ptr<DurableSignal> durable;
    async::Task<bool> recorded();

    // No variant and no fallback is named: none has answered.
    void nobody_answered();
    // Appends the header lines of every answer: call id, feature, the decided variant when there is one, what
    // was paid (not on streams), the times so far, and `provider_lines`; if these lack the id header that the
    // SDKs of the client's dialect log, it carries the call id.
    void append_answer_headers(std::string& lines, std::string_view provider_lines) const;

  private:
    std::optional<events::Outcome> outcome_;
    std::string error_code_;
    std::string error_message_;
};

}  // namespace tidegate::pipeline
