// Texts of requests and whole answers.
#include "json_walk.h"
#include "members.h"
#include "parsed_request.h"
#include "stream_parts.h"
#include "text_walk.h"

#include <tidegate/dialect/texts.h>

namespace tidegate::dialect {
namespace {

namespace dom = simdjson::dom;
using detail::JsonItem;
using detail::Known;
using detail::TextPath;
using detail::TextWalk;

class Collector final : public detail::TextVisitor {
  public:
    explicit Collector(const detail::JsonTokens& tokens) : x_tokens(tokens) { texts.reserve(kUsualTexts); }

    void text(const TextPath& path, const dom::element& value, const JsonItem& at) override {
        std::string_view text;
        const bool json = value.get(text) != simdjson::SUCCESS;
        if (json)
            text = x_tokens.text(at.value);
        texts.push_back({path.kind, text, at.value.begin, at.value.end, json});
    }

    std::vector<BodyText> texts;

  private:
    static constexpr std::size_t kUsualTexts = 8;
    const detail::JsonTokens& x_tokens;
};

class RequestTexts {
  public:
    RequestTexts(Operation operation, const detail::JsonTokens& tokens)
        : x_operation(operation), x_tokens(tokens), x_collector(tokens), x_walk(tokens, x_collector) {}

    Result<std::vector<BodyText>> run(const dom::object& root) {
        Result<void> result = detail::refuse_duplicates(root);
        if (result) {
            result = detail::each_member(
                x_tokens, root, 0, [&](std::string_view name, const dom::element& value, const JsonItem& at) {
                    return member(detail::find_known(name), value, at);
                });
        }
        return take(result);
    }

    // The top level of what was read as a request is free of duplicates.
    Result<std::vector<BodyText>> run(const std::vector<detail::Member>& members) {
        Result<void> result;
        for (const detail::Member& found : members) {
            if (result)
                result = member(found.known, found.value, found.at);
        }
        return take(result);
    }

  private:
    static constexpr TextPath kIdentifier{.kind = TextKind::identifier};

    Result<std::vector<BodyText>> take(const Result<void>& result) {
        if (!result)
            return result.error();
        return std::move(x_collector.texts);
    }

    Result<void> member(Known known, const dom::element& value, const JsonItem& at) {
        switch (known) {
            case Known::messages:
                return messages(value, at);
            case Known::input:
                return x_operation == Operation::embeddings ? input(value, at) : Result<void>();
            case Known::system:
            case Known::prediction:
            case Known::prompt:
                return x_walk.member({}, value, at, {});
            case Known::tidegate:
                return x_walk.member({}, value, at, {.all = true});
            case Known::user:
            case Known::safety_identifier:
            case Known::metadata:
                return identifiers(value, at);
            default:
                return {};
        }
    }

    Result<void> messages(const dom::element& value, const JsonItem& at) {
        dom::array array;
        if (value.get(array) != simdjson::SUCCESS)
            return detail::malformed("'messages' is no array");
        return detail::each_element(x_tokens, array, at.token,
                                    [&](const dom::element& element, const JsonItem& item) {
                                        dom::object message;
                                        if (element.get(message) != simdjson::SUCCESS)
                                            return x_walk.member({}, element, item, {});
                                        std::string_view name;
                                        if (message["name"].get(name) != simdjson::SUCCESS)
                                            return x_walk.member({}, element, item, {});
                                        return named_message(message, item);
                                    });
    }

    // The name of whoever speaks, which is silent elsewhere.
    Result<void> named_message(const dom::object& message, const JsonItem& at) {
        Result<void> result = detail::refuse_duplicates(message);
        if (!result)
            return result;
        return detail::each_member(x_tokens, message, at.token,
                                   [&](std::string_view name, const dom::element& value, const JsonItem& item) {
                                       return name == "name"
                                                  ? identifiers(value, item)
                                                  : x_walk.member(name, value, item, TextPath().child(name));
                                   });
    }

    Result<void> input(const dom::element& value, const JsonItem& at) {
        if (value.is_string())
            return x_walk.member({}, value, at, {});
        dom::array array;
        if (value.get(array) != simdjson::SUCCESS)
            return {};
        return detail::each_element(
            x_tokens, array, at.token, [&](const dom::element& element, const JsonItem& item) {
                if (element.is_string())
                    return x_walk.member({}, element, item, {});
                return Result<void>(detail::client_error(
                    "'input' holds numbers of tokens, which the guardrails of this feature "
                    "cannot check: send text"));
            });
    }

    Result<void> identifiers(const dom::element& value, const JsonItem& at) {
        if (value.is_string()) {
            x_collector.text(kIdentifier, value, at);
            return {};
        }
        dom::object object;
        if (value.get(object) != simdjson::SUCCESS)
            return {};
        return detail::each_member(
            x_tokens, object, at.token,
            [&](std::string_view /*name*/, const dom::element& entry, const JsonItem& item) {
                if (entry.is_string())
                    x_collector.text(kIdentifier, entry, item);
                return Result<void>();
            });
    }

    Operation x_operation;
    const detail::JsonTokens& x_tokens;
    Collector x_collector;
    TextWalk x_walk;
};

Result<void> walk_choices(const detail::JsonTokens& tokens, const dom::element& value, const JsonItem& at,
                          TextWalk& walk) {
    dom::array choices;
    if (value.get(choices) != simdjson::SUCCESS)
        return detail::malformed("'choices' is no array");
    return detail::each_element(
        tokens, choices, at.token, [&](const dom::element& element, const JsonItem& item) {
            dom::object choice;
            if (element.get(choice) != simdjson::SUCCESS)
                return Result<void>(detail::malformed("a choice is no object"));
            Result<void> result = detail::refuse_doubt(choice, {"message", "delta", "text"});
            if (!result)
                return result;
            return detail::each_member(
                tokens, choice, item.token,
                [&](std::string_view name, const dom::element& member, const JsonItem& where) {
                    if (name != "message" && name != "delta" && name != "text")
                        return Result<void>();
                    return walk.member({}, member, where, {});
                });
        });
}

Result<dom::object> parse_object(std::string_view body, BodyParser& parser) {
    dom::object root;
    if (parser.state().parse(body).get(root) != simdjson::SUCCESS)
        return detail::malformed("it is no JSON object");
    return root;
}

}  // namespace

Result<std::vector<BodyText>> request_texts(Operation operation, std::string_view body, BodyParser& parser) {
    const Result<dom::object> root = parse_object(body, parser);
    if (!root)
        return root.error();
    const detail::JsonTokens tokens = parser.state().tokens(body);
    return RequestTexts(operation, tokens).run(*root);
}

Result<std::vector<BodyText>> request_texts(const RequestView& request) {
    const detail::ParsedRequest& parsed = request.parsed();
    return RequestTexts(parsed.operation, parsed.tokens).run(parsed.members);
}

Result<std::vector<BodyText>> answer_texts(Format format, std::string_view body, BodyParser& parser) {
    const Result<dom::object> root = parse_object(body, parser);
    if (!root)
        return root.error();
    const detail::JsonTokens tokens = parser.state().tokens(body);
    Collector collector(tokens);
    TextWalk walk(tokens, collector);
    const std::string_view content = format == Format::openai ? "choices" : "content";
    Result<void> result = detail::refuse_doubt(*root, {content});
    if (result) {
        result = detail::each_member(tokens, *root, 0,
                                     [&](std::string_view name, const dom::element& value, const JsonItem& at) {
                                         if (name != content)
                                             return Result<void>();
                                         return format == Format::openai ? walk_choices(tokens, value, at, walk)
                                                                         : walk.member({}, value, at, {});
                                     });
    }
    if (!result)
        return result.error();
    return std::move(collector.texts);
}

void write_edited(std::string_view document, std::span<const TextEdit> edits, std::string& out) {
    std::size_t from = 0;
    for (const TextEdit& edit : edits) {
        out.append(document.substr(from, edit.begin - from)).append(edit.json);
        from = edit.end;
    }
    out.append(document.substr(from));
}

bool is_json(std::string_view text) {
    dom::parser parser;
    return parser.parse(text.data(), text.size(), true).error() == simdjson::SUCCESS;
}

}  // namespace tidegate::dialect
