// The API as one I/O thread serves it, without sockets on the client's side.
#pragma once

#include "ledger/ledger_on_disk.h"
#include "upstream/scripted_server.h"

#include <tidegate/async/io_threads.h>
#include <tidegate/events/log.h>
#include <tidegate/http/request.h>
#include <tidegate/http/response_writer.h>
#include <tidegate/metrics/metrics.h>
#include <tidegate/pipeline/api.h>
#include <tidegate/pipeline/thread_state.h>
#include <tidegate/upstream/circuit_breaker.h>
#include <tidegate/upstream/client.h>
#include <tidegate/upstream/limits.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tidegate::pipeline::test {

// Keeps what it is told to send.
class FakeWriter final : public http::ResponseWriter {
  public:
    async::Task<Result<void>> respond(int status_code, std::string_view header_lines,
                                      std::string_view body) override;
    Result<void> start_stream(int status_code, std::string_view header_lines) override;
    async::Task<Result<void>> write(std::string_view bytes) override;
    async::Task<Result<void>> finish(std::string_view last_bytes) override;
    void set_heartbeat(std::string, Duration) override {}
    bool started() const override { return status != 0; }
    bool head_sent() const override { return !sent.empty(); }
    async::Cancellation& cancellation() override { return cancellation_; }
    std::uint64_t bytes_sent() const override { return sent.size(); }

    int status = 0;
    std::string head;
    std::string sent;
    bool finished = false;
    bool gone = false;  // every write fails

  private:
    Result<void> add(std::string_view bytes);
    async::Cancellation cancellation_;
};

// What a client sends.
struct Ask {
    http::Method method = http::Method::post;
    std::string path = "/v1/chat/completions";
    std::string body = R"({"model":"reply","messages":[{"role":"user","content":"Hello. Are you there?"}]})";
    std::vector<http::Field> fields = {};
};

// One feature, `reply`, with one variant on a scripted provider, and whatever `chain` a test adds behind it.
class ApiTest : public testing::Test {
  protected:
    ApiTest();
    ~ApiTest() override;

    void serve(upstream::test::ScriptedServer::Script script);
    FakeWriter& ask(Ask what = {});

    ManualClock clock_;
    metrics::Metrics metrics_{"1", "test"};
    std::filesystem::path folder_;
    std::unique_ptr<events::Log> log_;
    ledger::test::LedgerOnDisk ledger_{clock_};
    std::unique_ptr<Services> services_;
    async::IoThread thread_{"io", 0, clock_};
    std::unique_ptr<upstream::Client> client_;
    std::unique_ptr<ThreadState> state_;
    std::shared_ptr<FeatureTable> table_ = std::make_shared<FeatureTable>();
    Readiness readiness_;
    std::unique_ptr<Api> api_;
    std::unique_ptr<upstream::test::ScriptedServer> server_;
    std::shared_ptr<calls::Provider> provider_ = std::make_shared<calls::Provider>();
    upstream::ConcurrencyLimit concurrency_;
    upstream::RetryBudget retry_budget_;
    upstream::CircuitBreaker breaker_;
    FakeWriter writer_;

    Feature& feature() { return table_->features.at("reply"); }
    void add_answer(std::string name, decltype(ChainEntry::answer) answer);
};

}  // namespace tidegate::pipeline::test
