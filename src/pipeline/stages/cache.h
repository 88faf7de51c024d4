// Answers that need no call: earlier ones, and those that are on their way for the same request.
#pragma once

#include <tidegate/pipeline/stage.h>

namespace tidegate::pipeline {

// Identical requests join the first of them, which alone looks into the cache and, if nothing is there, goes on
// to `answer`. What comes out is shared with those who wait, and kept if it is a complete answer of the decided
// variant.
class CacheStage final : public Stage {
  public:
    std::string_view name() const override { return "cache"; }
    Step enter(Exchange& exchange) override;
    async::Task<Step> wait(Exchange& exchange) override;
    void answered(Exchange& exchange) noexcept override;
    void complete(Exchange& exchange) noexcept override;
};

}  // namespace tidegate::pipeline
