#include "calls/body_redaction.h"

#include <tidegate/base/text.h>
#include <tidegate/dialect/argument_text.h>

namespace tidegate::calls {
SeenText::SeenText(const dialect::BodyText& text)
    : text_(&text), escaped_(is_arguments() && text.text.find('\\') != std::string_view::npos) {
    if (!escaped_)
        return;
    dialect::ArgumentText reader;
    reader.feed(text.text, resolved_);
    reader.finish(resolved_);
}

std::string SeenText::redacted(const guardrails::Redactions& redactions) const {
    return redactions.write_all(text());
}

std::optional<dialect::TextEdit> SeenText::edit(const guardrails::Redactions& redactions) const {
    if (!is_arguments())
        return dialect::TextEdit{text_->begin, text_->end, json_string(redacted(redactions))};
    std::string arguments;
    if (escaped_) {
        const dialect::ArgumentMap map = dialect::map_arguments(text_->text);
        guardrails::Redactions places;
        redactions.for_each([&](guardrails::Redactions::Place place) {
            place.begin = map.origin[place.begin];
            place.end = map.origin[place.end];
            places.add(std::move(place));
        });
        arguments = places.write_all(text_->text);
    } else {
        arguments = redacted(redactions);
    }
    if ((text_->json || dialect::is_json(text_->text)) && !dialect::is_json(arguments))
        return std::nullopt;
    return dialect::TextEdit{text_->begin, text_->end, text_->json ? arguments : json_string(arguments)};
}

void pad(std::string& body) {
    body.reserve(body.size() + dialect::kBodyPadding);
}

}  // namespace tidegate::calls
