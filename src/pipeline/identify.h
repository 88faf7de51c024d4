// Who calls for what: read from headers and body before the chain begins, because a refusal here has no feature
// whose record it could join.
#pragma once

namespace tidegate::pipeline {

class Exchange;

// Sets feature, user, conversation, header attributes and variables. False if the exchange was refused.
bool identify(Exchange& exchange);

}  // namespace tidegate::pipeline
