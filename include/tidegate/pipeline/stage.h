// One step of the request chain.
#pragma once

#include <tidegate/async/task.h>

#include <string_view>

namespace tidegate::pipeline {

class Exchange;

enum class Step {
    next,      // go on with the following stage
    answered,  // the exchange has its answer; no later stage begins
    wait,      // `enter` could not decide without waiting: await `wait`
};

// Built once, used by every request of every I/O thread at the same time: a stage holds no state of a request,
// that is the exchange's. For each stage that began, `complete` runs exactly once, in reverse order, whatever
// happened: success, error, a client that left, a deadline.
class Stage {
  public:
    virtual ~Stage() = default;
    // For the documentation of the chain and for traces.
    virtual std::string_view name() const = 0;
    // The request side. May answer or rewrite. Synchronous, so that a stage with nothing to do costs a call.
    virtual Step enter(Exchange& exchange) = 0;
    // The request side of a stage that really waits; runs when `enter` returned Step::wait. Never returns it
    // again.
    virtual async::Task<Step> wait(Exchange& exchange);
    // The exchange has its answer (of a stream that has begun: its last bytes), and nothing of that was sent.
    // Runs before `complete`, in the same order, for each stage that began. Must not wait or fail.
    virtual void answered(Exchange& exchange) noexcept;
    // Must not throw, wait or fail.
    virtual void complete(Exchange& exchange) noexcept;
};

}  // namespace tidegate::pipeline
