#include "calls/attempt_fixture.h"

#include <fmt/format.h>

namespace tidegate::calls::test {

std::string http_answer(int status, std::string_view body, std::string_view more_lines) {
    return fmt::format("HTTP/1.1 {} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{}\r\n{}",
                       status, body.size(), more_lines, body);
}

std::string stream_head() {
    return "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
}

std::string chunk(std::string_view text) {
    return fmt::format(
        R"(data: {{"id":"c","object":"chat.completion.chunk","model":"m-1","choices":[{{"index":0,"delta":{{"content":"{}"}},"finish_reason":null}}]}})"
        "\n\n",
        text);
}

Variation streaming() {
    Variation variation;
    variation.body = R"({"model":"f","stream":true,"messages":[{"role":"user","content":"Hi"}]})";
    return variation;
}

void AttemptTest::serve(ScriptedServer::Script script, dialect::Format format) {
    server_ = std::make_unique<ScriptedServer>(std::move(script));
    provider_->name = "scripted";
    provider_->format = format;
    provider_->endpoint = upstream::test::Harness::endpoint(server_->url());
    provider_->first_token = std::chrono::seconds{10};
    provider_->idle = std::chrono::seconds{300};
    provider_->total = std::chrono::seconds{120};
    provider_->concurrency = &concurrency_;
    provider_->retry_budget = &retry_budget_;
    model_->name = "model";
    model_->id = "m-1";
    model_->provider = provider_;
    model_->context = 100'000;
    model_->max_output = 1000;
    model_->price.tokens.input = NanoDollars{1'000'000'000};
    model_->price.tokens.output = NanoDollars{2'000'000'000};
    model_->breaker = &breaker_;
    model_->series = &series_;
    variant_.name = "stable";
    variant_.model = model_;
}

async::Task<> AttemptTest::run(Variation variation, std::shared_ptr<std::promise<AttemptResult>> promise) {
    const dialect::ReadRequest request(variation.client, variation.body);
    const SteadyTime now = harness_.clock.steady();
    const AttemptRequest attempt{.variant = variant_,
                                 .request = request.view(),
                                 .variables = no_variables_,
                                 .call_id = "call",
                                 .call_started = now,
                                 .deadline = now + variation.time,
                                 .first_token = {},
                                 .last = variation.last,
                                 .second_try = variation.second_try,
                                 .passed_headers = {},
                                 .idempotency_key = {},
                                 .cancellation = *harness_.cancellation};
    AttemptResult result;
    result.content = events::Content(10'000);
    co_await run_attempt(worker_, attempt, sink_, result);
    promise->set_value(std::move(result));
}

std::future<AttemptResult> AttemptTest::begin(const Variation& variation) {
    auto promise = std::make_shared<std::promise<AttemptResult>>();
    auto future = promise->get_future();
    harness_.on_thread([&] { harness_.thread.tasks().spawn(run(variation, promise)); });
    return future;
}

}  // namespace tidegate::calls::test
