#include "answer_parts.h"
#include "parsed_request.h"
#include "provider_error.h"
#include "stream_parts.h"

#include <tidegate/dialect/answer.h>

namespace tidegate::dialect {
namespace {

namespace dom = simdjson::dom;

Result<dom::object> parse_answer(std::string_view body, BodyParser& parser) {
    dom::object answer;
    const simdjson::error_code error = parser.state().parse(body).get(answer);
    if (error == simdjson::INCORRECT_TYPE)
        return detail::malformed("the answer is no JSON object");
    if (error != simdjson::SUCCESS)
        return detail::malformed("the answer is no valid JSON");
    dom::element failure;
    if (answer["error"].get(failure) == simdjson::SUCCESS && !failure.is_null()) {
        const ProviderError read = detail::read_error_element(failure);
        return detail::malformed("the answer is an error in spite of its status: " +
                                 (read.message.empty() ? read.type : read.message));
    }
    return answer;
}

}  // namespace

Result<AnswerFacts> read_answer(Format format, Operation operation, std::string_view body, BodyParser& parser) {
    const Result<dom::object> answer = parse_answer(body, parser);
    if (!answer)
        return answer.error();
    if (operation == Operation::embeddings)
        return detail::read_openai_embeddings(*answer);
    return format == Format::openai ? detail::read_openai_answer(*answer)
                                    : detail::read_anthropic_answer(*answer);
}

Result<void> write_answer(Format from, Format to, std::string_view body, BodyParser& parser,
                          const AnswerIdentity& identity, std::string& out) {
    const Result<dom::object> answer = parse_answer(body, parser);
    if (!answer)
        return answer.error();
    if (from == to) {
        out.append(body);
        return {};
    }
    const Result<detail::ChatAnswer> chat = from == Format::openai ? detail::decode_openai_answer(*answer)
                                                                   : detail::decode_anthropic_answer(*answer);
    if (!chat)
        return chat.error();
    to == Format::openai ? detail::encode_openai_answer(*chat, identity, out)
                         : detail::encode_anthropic_answer(*chat, identity, out);
    return {};
}

void write_text_answer(Format format, const AnswerIdentity& identity, std::string_view text, std::string& out) {
    detail::ChatAnswer answer;
    answer.text = text;
    format == Format::openai ? detail::encode_openai_answer(answer, identity, out)
                             : detail::encode_anthropic_answer(answer, identity, out);
}

void write_text_stream(Format format, const AnswerIdentity& identity, std::string_view text, bool wants_usage,
                       std::string& out) {
    const StreamRelay::Options options{.client_wants_usage = wants_usage,
                                       .call_id = std::string(identity.call_id),
                                       .model = std::string(identity.model),
                                       .created = identity.created};
    const std::unique_ptr<detail::StreamWriter> writer =
        format == Format::openai ? detail::make_openai_writer(options) : detail::make_anthropic_writer(options);
    StreamFacts facts;
    facts.finish = Finish::stop;
    writer->set_output(out);
    writer->start(facts);
    if (!text.empty())
        writer->text(text);
    writer->finish(facts);
}

}  // namespace tidegate::dialect
