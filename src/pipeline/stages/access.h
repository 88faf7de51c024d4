// The limits of the caller's access key.
#pragma once

#include <tidegate/pipeline/stage.h>

namespace tidegate::pipeline {

// Who calls and what they may name is known by now: a refusal of that has no feature. A refusal here is a
// metric and no record, so that a caller beyond its limits fills no disk.
class AccessStage final : public Stage {
  public:
    std::string_view name() const override { return "access"; }
    Step enter(Exchange& exchange) override;
    void complete(Exchange& exchange) noexcept override;
};

}  // namespace tidegate::pipeline
