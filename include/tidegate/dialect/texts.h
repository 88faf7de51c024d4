// The texts in the bytes of requests and answers: what they say, where they stand, and how to replace them.
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/dialect/format.h>
#include <tidegate/dialect/request_view.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::dialect {

enum class TextKind {
    text,
    refusal,
    reasoning,
    tool_arguments,  // JSON: what it says is read through ArgumentText
    identifier,      // a user, a name, a value of `metadata`
};

// A text in a JSON document. Views live as long as the document and until the parser reads another one.
struct BodyText {
    TextKind kind = TextKind::text;
    std::string_view text = {};  // decoded; of arguments that are no string the JSON itself
    std::size_t begin = 0;       // of its JSON value in the document
    std::size_t end = 0;
    bool json = false;  // the value is the text: what replaces it is JSON as well
};

// All texts of a request in any format, as it is sent: messages of every role with tool calls and results,
// system, predicted output, prompt variables, input of embeddings, identifiers; and of the member `tidegate`,
// which only a client's body has. No texts: tool definitions, schemas, names of functions, addresses, images,
// audio, files. `body` is valid by RequestView, with kBodyPadding bytes behind it. invalid_input: embeddings of
// token numbers, which nobody can check. malformed: anything else that cannot be read for certain.
Result<std::vector<BodyText>> request_texts(Operation operation, std::string_view body, BodyParser& parser);
// The same of the client's body, which is parsed already. Views live as long as `request`'s.
Result<std::vector<BodyText>> request_texts(const RequestView& request);

// All texts of a whole chat answer; whatever a message holds that is not known to be something else is a text,
// but for its log-probabilities: leave them out first (write_without_logprobs). malformed: no JSON object, or a
// member twice, so that two readers may see two answers.
Result<std::vector<BodyText>> answer_texts(Format format, std::string_view body, BodyParser& parser);

// A new JSON value in the place of an old one.
struct TextEdit {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string json = {};
};

// Appends `document` with its values replaced; edits are in the order of their places and do not overlap.
void write_edited(std::string_view document, std::span<const TextEdit> edits, std::string& out);

// Whether `text` is one JSON value.
bool is_json(std::string_view text);

}  // namespace tidegate::dialect
