// The request chain: the list of stages, and what runs it.
#pragma once

#include <tidegate/async/task.h>
#include <tidegate/pipeline/stage.h>

#include <memory>
#include <vector>

namespace tidegate::pipeline {

// Immutable once built; any number of requests of any thread run through it at the same time.
class Chain {
  public:
    explicit Chain(std::vector<std::unique_ptr<Stage>> stages);

    // Runs the stages until one has answered, sends what is left to send, and completes every stage that began.
    // The exchange's view must be set. Never throws.
    async::Task<void> run(Exchange& exchange) const;

  private:
    async::Task<std::size_t> enter(Exchange& exchange) const;
    void complete(Exchange& exchange, std::size_t entered) const;

    std::vector<std::unique_ptr<Stage>> stages_;
};

// The stages of a request, in their order.
Chain make_chain();

}  // namespace tidegate::pipeline
