// How sure a model was of each token, where OpenAI's format tells it.
#pragma once

#include "json_tokens.h"

#include <cstdint>
#include <optional>
#include <string>

#include <simdjson.h>

namespace tidegate::dialect::detail {

// The mean over the tokens of an answer's content.
class LogprobMean {
  public:
    // The `logprobs` of a choice; anything else adds nothing.
    void add(const simdjson::dom::object& choice);
    std::optional<double> mean() const;

  private:
    double x_sum = 0;
    std::int64_t x_count = 0;
};

// Appends the value `choices` with the log-probabilities of each choice as null.
void append_without_logprobs(const JsonTokens& tokens, const simdjson::dom::array& choices, const JsonItem& at,
                             std::string& out);

}  // namespace tidegate::dialect::detail
