// The attempts at an answer: the decided variant, then its fallbacks.
#pragma once

#include <tidegate/pipeline/stage.h>

namespace tidegate::pipeline {

class AnswerStage final : public Stage {
  public:
    std::string_view name() const override { return "answer"; }
    Step enter(Exchange&) override { return Step::wait; }
    async::Task<Step> wait(Exchange& exchange) override;
};

}  // namespace tidegate::pipeline
