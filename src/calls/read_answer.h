// What a try does with the provider's answer: an error, a whole answer, or a stream.
#pragma once

#include "calls/attempt_state.h"
#include "calls/settle.h"

#include <tidegate/async/task.h>
#include <tidegate/dialect/answer.h>
#include <tidegate/dialect/error.h>

#include <memory>
#include <string>

namespace tidegate::upstream {
class Response;
}

namespace tidegate::calls {

constexpr std::size_t kLargestErrorBody = 1 << 20;

// Fills the result, the state's health and `spent`.
async::Task<void> read_answer(AttemptState& state, std::unique_ptr<upstream::Response> response, Spent& spent);

// The same for the answer to a request that streams.
async::Task<void> relay_stream(AttemptState& state, std::unique_ptr<upstream::Response> response, Spent& spent);

// What whole answers and streams say alike.
void take_facts(AttemptState& state, const dialect::Usage& usage, const std::string& model,
                dialect::Finish finish, Spent& spent);
dialect::AnswerIdentity identity_of(const AttemptState& state);

}  // namespace tidegate::calls
