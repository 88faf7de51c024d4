// Copies of a request for the shadow lane.
#pragma once

#include <tidegate/pipeline/shadow_lane.h>

#include <cstddef>

namespace tidegate::pipeline {

class Exchange;

// Of the exchange's request, to be run on the variant; owns all it needs. Its live side is empty.
ShadowCopy copy_request(const Exchange& exchange, std::size_t variant, events::ShadowRole role);

// What the exchange has answered, as the live side of a copy. Before its record takes it away.
void describe_live(const Exchange& exchange, ShadowCopy& copy);

}  // namespace tidegate::pipeline
