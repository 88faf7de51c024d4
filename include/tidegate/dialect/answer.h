// Whole (not streamed) answers: what is read from them, and those that the gateway writes itself.
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/dialect/format.h>
#include <tidegate/dialect/request_view.h>
#include <tidegate/dialect/usage.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::dialect {

struct AnswerFacts {
    Usage usage = {};
    std::string model = {};  // the provider's own name
    std::string id = {};
    Finish finish = Finish::none;
    bool refusal = false;  // the model or the provider's filter refused
    // Of the tokens of the content, where log-probabilities were asked for and given.
    std::optional<double> mean_logprob = {};
    bool has_content = false;  // text, refusal, tool calls or (embeddings) vectors
};

// Reads the answer of a provider to a request in `format`. Behind `body` kBodyPadding bytes must be readable.
// What is no answer (no JSON, an error object in spite of status 200, no choices) is ErrorKind::malformed,
// source upstream.
Result<AnswerFacts> read_answer(Format format, Operation operation, std::string_view body, BodyParser& parser);

// Identity of an answer that the gateway writes.
struct AnswerIdentity {
    std::string_view call_id = {};
    std::string_view model = {};  // shown in `model`; on a crossing empty for the provider's
    std::int64_t created = 0;     // seconds since 1970
};

// Appends the chat answer `body` with its log-probabilities as null. False, and nothing appended, if there are
// none.
bool strip_logprobs(std::string_view body, BodyParser& parser, std::string& out);

// Appends the chat answer `body` (valid by read_answer) translated to the format `to`.
Result<void> write_answer(Format from, Format to, std::string_view body, BodyParser& parser,
                          const AnswerIdentity& identity, std::string& out);

// Appends an answer with this text that no model was called for (usage 0).
void write_text_answer(Format format, const AnswerIdentity& identity, std::string_view text, std::string& out);
// The same as a whole event stream.
void write_text_stream(Format format, const AnswerIdentity& identity, std::string_view text, bool wants_usage,
                       std::string& out);

}  // namespace tidegate::dialect
