// What is kept of a shadow run.
#pragma once

#include <tidegate/calls/attempt.h>
#include <tidegate/events/call_record.h>
#include <tidegate/pipeline/shadow_lane.h>

#include <memory>

namespace tidegate::pipeline {

ShadowOutcome outcome_of(const calls::AttemptResult& result);
// Whether the outcome says something of the variant: then it is one of its figures.
bool counts(ShadowOutcome outcome);

// The record of the run, without comparison and request. `answer`: what a user would have got.
std::unique_ptr<events::CallRecord> shadow_record(ShadowCopy& copy, const dialect::RequestView& view,
                                                  calls::AttemptResult& result, events::Content answer);

}  // namespace tidegate::pipeline
