// The call's record and metrics.
#pragma once

#include <tidegate/pipeline/stage.h>

namespace tidegate::pipeline {

// First in, so that it completes last: everything the record tells has happened by then. Refuses new calls
// while the log has no room, because a call that cannot be recorded must not be made.
class RecordStage final : public Stage {
  public:
    std::string_view name() const override { return "record"; }
    Step enter(Exchange& exchange) override;
    void complete(Exchange& exchange) noexcept override;
};

}  // namespace tidegate::pipeline
