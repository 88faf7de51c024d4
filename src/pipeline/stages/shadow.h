// Lets the shadow lane repeat a sample of the calls.
#pragma once

#include <tidegate/pipeline/stage.h>

namespace tidegate::pipeline {

// Decides before the answer whether the call is in the sample, and takes its copies when the answer is there:
// of answers by the decided variant itself, not of those that failed, fell back or came from the cache (behind
// which it stands).
class ShadowStage final : public Stage {
  public:
    std::string_view name() const override { return "shadow"; }
    Step enter(Exchange& exchange) override;
    void complete(Exchange& exchange) noexcept override;
};

// Starts the copies of an exchange whose answer has left.
void start_shadows(Exchange& exchange);

}  // namespace tidegate::pipeline
