// Attempts against a scripted provider, run on an I/O thread whose clock stands still.
#pragma once

#include "dialect/padded.h"
#include "ledger/ledger_on_disk.h"
#include "upstream/harness.h"

#include <tidegate/calls/attempt.h>
#include <tidegate/metrics/series.h>
#include <tidegate/upstream/circuit_breaker.h>
#include <tidegate/upstream/limits.h>

#include <future>
#include <memory>
#include <string>
#include <string_view>

namespace tidegate::calls::test {

using upstream::test::Peer;
using upstream::test::ScriptedServer;

// Collects a stream.
class CollectingSink final : public EventSink {
  public:
    void begin(std::string_view) override { ++begun; }
    async::Task<Result<void>> write(std::string_view bytes) override {
        written += bytes;
        first_write.set();
        co_return Result<void>{};
    }

    int begun = 0;
    std::string written;
    upstream::test::Event first_write;
};

// A whole answer of a provider.
std::string http_answer(int status, std::string_view body, std::string_view more_lines = "");
// The head of an event stream that ends with its connection.
std::string stream_head();
// One of OpenAI's chunks with this text.
std::string chunk(std::string_view text);

// What of an attempt differs from the usual.
struct Variation {
    std::string body = R"({"model":"f","messages":[{"role":"user","content":"Hi"}]})";
    dialect::Format client = dialect::Format::openai;
    bool last = true;
    bool second_try = true;
    Duration time = std::chrono::seconds{60};
};
Variation streaming();

class AttemptTest : public testing::Test {
  protected:
    // `serve` must be called first.
    void serve(ScriptedServer::Script script, dialect::Format format = dialect::Format::openai);
    std::future<AttemptResult> begin(const Variation& variation = {});
    AttemptResult attempt(const Variation& variation = {}) { return begin(variation).get(); }

    upstream::test::Harness harness_;
    std::unique_ptr<ScriptedServer> server_;
    std::shared_ptr<Provider> provider_ = std::make_shared<Provider>();
    std::shared_ptr<Model> model_ = std::make_shared<Model>();
    Variant variant_;
    CollectingSink sink_;
    upstream::ConcurrencyLimit concurrency_;
    upstream::RetryBudget retry_budget_;
    upstream::CircuitBreaker breaker_;
    metrics::UpstreamSeries series_;

  private:
    async::Task<> run(Variation variation, std::shared_ptr<std::promise<AttemptResult>> promise);

    std::function<std::optional<std::string_view>(std::string_view)> no_variables_ = [](std::string_view) {
        return std::nullopt;
    };
    ledger::test::LedgerOnDisk ledger_{harness_.clock};
    Worker worker_{harness_.thread, *harness_.client, *ledger_};
};

}  // namespace tidegate::calls::test
