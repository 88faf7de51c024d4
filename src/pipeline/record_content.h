// What a call record keeps of what was asked and answered.
#pragma once

namespace tidegate::events {
struct CallRecord;
}

namespace tidegate::pipeline {

class Exchange;

// Fills request, answer and context as `records.content` says; what the guardrails of the variants that were
// decided or tried keep out of records is replaced.
void describe_content(Exchange& exchange, events::CallRecord& record);

}  // namespace tidegate::pipeline
