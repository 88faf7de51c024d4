// What the shadow lane does with one request.
#pragma once

#include <tidegate/events/content.h>
#include <tidegate/pipeline/shadow_lane.h>

#include <vector>

namespace tidegate::pipeline {

// Filled by the stage `shadow`.
struct ShadowUse {
    // The call is in the sample of the candidate, of the live variant against itself.
    bool candidate = false;
    bool noise = false;
    bool sampled() const { return candidate || noise; }
    // What a stream has sent before its last bytes; only of a sampled call.
    events::Content streamed{kShadowContent};
    // Admitted; they start when the answer has left, and are dropped if it has not.
    std::vector<ShadowCopy> copies;
};

}  // namespace tidegate::pipeline
