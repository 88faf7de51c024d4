// What the steps of one attempt share. Each step is a file of its own; run_attempt.cpp has their order.
#pragma once

#include <tidegate/calls/attempt.h>
#include <tidegate/calls/worker.h>
#include <tidegate/dialect/request_writer.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tidegate::calls {

// Of the provider, as the last try has shown it.
enum class Health { unknown, good, bad };

struct AttemptState {
    AttemptState(Worker& worker_, const AttemptRequest& attempt_, EventSink& sink_, AttemptResult& result_);

    Worker& worker;
    const AttemptRequest& attempt;
    EventSink& sink;
    const Model& model;
    const Provider& provider;
    const SteadyTime started;
    const SteadyTime deadline;
    std::vector<dialect::PromptMessage> prompt;  // rendered
    LendingPool<std::string>::Loan body;         // the request as it is sent
    AttemptResult& result;
    Health health = Health::unknown;
    bool try_again = false;
    bool content_came = false;  // of a stream, from the provider; guardrails may hold it back

    SteadyTime now() const { return worker.io.clock().steady(); }
    bool same_dialect() const { return provider.format == attempt.request.format(); }
    // Of limits the smallest counts: the client's, the variant's, the model's.
    std::int64_t output_limit() const;
    // Until the first content of a stream a nearer deadline holds.
    SteadyTime content_deadline() const;

    // False, so that a step may end with it.
    bool fail(Reason reason, std::string message);
    // The same for what went wrong on the way to the provider and back, which is taken as a sign of its health.
    void failed(const Error& error);
    // The answer is not what its format promises.
    void malformed(const Error& error);
};

}  // namespace tidegate::calls
