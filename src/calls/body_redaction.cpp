#include "calls/body_redaction.h"

#include <tidegate/base/text.h>

namespace tidegate::calls {
namespace {

std::string write_all(const guardrails::Redactions& redactions, std::string_view text) {
    std::string out;
    redactions.write(text, 0, 0, text.size(), out);
    // What was found at the very end, of no length.
    for (const auto& place : redactions.places()) {
        if (place.begin == text.size())
            out.append("[").append(place.category).append("]");
    }
    return out;
}

}  // namespace

SeenText::SeenText(const dialect::BodyText& text) : text_(&text) {
    if (is_arguments())
        map_ = dialect::map_arguments(text.text);
}

std::string SeenText::redacted(const guardrails::Redactions& redactions) const {
    return write_all(redactions, text());
}

std::optional<dialect::TextEdit> SeenText::edit(const guardrails::Redactions& redactions) const {
    if (!is_arguments())
        return dialect::TextEdit{text_->begin, text_->end, json_string(redacted(redactions))};
    guardrails::Redactions places;
    for (guardrails::Redactions::Place place : redactions.places()) {
        place.begin = map_.origin[place.begin];
        place.end = map_.origin[place.end];
        places.add(std::move(place));
    }
    std::string arguments = write_all(places, text_->text);
    if ((text_->json || dialect::is_json(text_->text)) && !dialect::is_json(arguments))
        return std::nullopt;
    return dialect::TextEdit{text_->begin, text_->end, text_->json ? arguments : json_string(arguments)};
}

void pad(std::string& body) {
    body.reserve(body.size() + dialect::kBodyPadding);
}

}  // namespace tidegate::calls
