// POST /v1/shadow: the candidate runs beside what an existing system has answered.
#pragma once

namespace tidegate::pipeline {

class Exchange;

// Of an exchange that is identified and has its view. Answers 202, with whether the lane takes the run on, or
// refuses what asks for none.
void take_baseline(Exchange& exchange);

}  // namespace tidegate::pipeline
