// Finds the feature and lets its flag decide the variant.
#pragma once

#include <tidegate/pipeline/stage.h>

namespace tidegate::pipeline {

class FlagStage final : public Stage {
  public:
    std::string_view name() const override { return "flag"; }
    Step enter(Exchange& exchange) override;
};

}  // namespace tidegate::pipeline
