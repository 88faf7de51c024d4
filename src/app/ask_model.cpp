#include "app/ask_model.h"

#include <tidegate/base/text.h>
#include <tidegate/calls/attempt.h>
#include <tidegate/dialect/decode.h>
#include <tidegate/events/log.h>
#include <tidegate/ledger/account.h>
#include <tidegate/pipeline/thread_state.h>

#include <array>

#include <fmt/format.h>

namespace tidegate::app {
namespace {

// A judge's answer comes whole.
class NoStream final : public calls::EventSink {
  public:
    void begin(std::string_view) override {}
    async::Task<Result<void>> write(std::string_view) override { co_return Result<void>{}; }
};

std::string body_of(const guardrails::ModelQuestion& question) {
    std::string body = R"({"messages":[{"role":"system","content":)";
    append_json_string(body, question.system);
    body += R"(},{"role":"user","content":)";
    append_json_string(body, question.user);
    body += "}]}";
    body.reserve(body.size() + dialect::kBodyPadding);
    return body;
}

events::Outcome outcome_of(calls::Reason reason) {
    switch (reason) {
        case calls::Reason::ok:
            return events::Outcome::ok;
        case calls::Reason::timeout:
            return events::Outcome::timeout;
        case calls::Reason::budget:
            return events::Outcome::rejected;
        case calls::Reason::cancelled:
            return events::Outcome::cancelled;
        default:
            return events::Outcome::upstream_error;
    }
}

// By a run of a shadow lane, which pays for itself.
bool asked_by_run(const guardrails::Question& asked) {
    return asked.payer != nullptr && asked.payer->kind() == ledger::AccountKind::shadow;
}

std::unique_ptr<events::CallRecord> record_of(const guardrails::ModelQuestion& question,
                                              const calls::Variant& variant, CallId id, WallTime started,
                                              const calls::AttemptResult& result) {
    auto record = std::make_unique<events::CallRecord>();
    record->id = id;
    record->started = started;
    record->total = record->upstream = result.record.latency;
    record->dialect = to_string(dialect::Format::openai);
    record->operation = to_string(dialect::Operation::chat);
    record->feature = question.asked.feature;
    record->conversation = question.asked.call_id;
    record->variant = variant.name;
    record->reason = "guardrail";
    record->model = variant.model->name;
    record->outcome = outcome_of(result.reason);
    record->status = result.status;
    record->error_message = result.message;
    record->usage = result.record.usage;
    record->usage_kind = result.record.usage_kind;
    record->cost = result.record.cost;
    record->price_hash = result.record.price_hash;
    record->attempts.push_back(result.record);
    // What a shadow run has judged is no call of users either; it is no figure of the variant.
    if (asked_by_run(question.asked))
        record->shadow.emplace().live.call = question.asked.call_id;
    return record;
}

ledger::Account* payer_of(const guardrails::Question& asked, const pipeline::FeatureTable& table) {
    if (asked.payer != nullptr)
        return asked.payer;
    const pipeline::Feature* feature = table.find(asked.feature);
    return feature != nullptr ? feature->account : nullptr;
}

Error failure(const calls::AttemptResult& result) {
    const ErrorKind kind =
        result.reason == calls::Reason::cancelled ? ErrorKind::cancelled : ErrorKind::unavailable;
    return {kind, ErrorSource::upstream, result.message};
}

Error not_configured(std::string_view model) {
    return {ErrorKind::not_found, ErrorSource::gateway, fmt::format("there is no model {} any more", model)};
}

}  // namespace

async::Task<Result<std::string>> ask_model(pipeline::ThreadState& state,
                                           const guardrails::ModelQuestion& question,
                                           async::Cancellation& cancellation) {
    const std::shared_ptr<const pipeline::FeatureTable> table = state.table;
    const auto& models = asked_by_run(question.asked) ? table->lane_models : table->models;
    const auto model = models.find(question.model);
    if (model == models.end())
        co_return not_configured(question.model);
    calls::Variant variant;
    variant.name = question.guardrail;
    variant.model = model->second;
    variant.max_output_tokens = question.max_output_tokens;
    variant.temperature = 0;

    const std::string body = body_of(question);
    auto parser = state.worker.parsers.borrow();
    const auto view =
        dialect::RequestView::read(dialect::Format::openai, dialect::Operation::chat, body, *parser);
    if (!view)
        co_return view.error();
    std::vector<ledger::Account*> accounts;
    if (ledger::Account* payer = payer_of(question.asked, *table))
        accounts.push_back(payer);
    const std::function<std::optional<std::string_view>(std::string_view)> no_variables = [](std::string_view) {
        return std::nullopt;
    };
    const WallTime started = state.io.clock().wall();
    const CallId id = CallId::make(started);
    const std::string id_text = id.to_string();
    const calls::AttemptRequest request{.variant = variant,
                                        .request = *view,
                                        .variables = no_variables,
                                        .call = id,
                                        .call_id = id_text,
                                        .accounts = accounts,
                                        .feature = question.asked.feature,
                                        .call_started = state.io.clock().steady(),
                                        .deadline = question.asked.deadline,
                                        .first_token = {},
                                        .passed_headers = {},
                                        .idempotency_key = {},
                                        .cancellation = cancellation};
    NoStream sink;
    calls::AttemptResult result;
    result.content = events::Content(0);
    co_await calls::run_attempt(state.worker, request, sink, result);
    state.services.log.append(record_of(question, variant, id, started, result));
    if (result.reason != calls::Reason::ok)
        co_return failure(result);
    co_return dialect::answer_text(dialect::Format::openai, false, result.body);
}

}  // namespace tidegate::app
