// Who calls for what: read from headers and body before the chain begins, because a refusal here has no feature
// whose record it could join.
#pragma once

namespace tidegate::pipeline {

class Exchange;

// Sets the access key. Reads nothing but headers, so that the body of a stranger is not even parsed. False if
// the exchange was refused.
bool authenticate(Exchange& exchange);

// Sets feature, user, conversation, header attributes and variables. False if the exchange was refused.
bool identify(Exchange& exchange);

}  // namespace tidegate::pipeline
