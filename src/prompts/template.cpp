#include <tidegate/base/text.h>
#include <tidegate/prompts/registry.h>

#include <algorithm>

namespace tidegate::prompts {
namespace {

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_name(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_name_character); }

void add_literal(std::vector<Template::Segment>& segments, std::string_view text) {
    if (text.empty()) return;
    if (!segments.empty() && !segments.back().is_variable) {
        segments.back().text += text;
    } else {
        segments.push_back({false, std::string(text)});
    }
}

}  // namespace

std::vector<Template::Segment> parse_template(std::string_view content) {
    std::vector<Template::Segment> segments;
    while (!content.empty()) {
        const auto open = content.find("{{");
        add_literal(segments, content.substr(0, open));
        if (open == std::string_view::npos) break;
        content.remove_prefix(open);
        const auto close = content.find("}}");
        const std::string_view name = close == std::string_view::npos ? std::string_view{} : trim(content.substr(2, close - 2));
        if (is_name(name)) {
            segments.push_back({true, std::string(name)});
            content.remove_prefix(close + 2);
        } else {
            add_literal(segments, content.substr(0, 1));
            content.remove_prefix(1);
        }
    }
    return segments;
}

Result<std::vector<dialect::PromptMessage>> render(const PromptVersion& version,
                                                   const std::function<std::optional<std::string_view>(std::string_view)>& lookup) {
    std::vector<dialect::PromptMessage> messages;
    messages.reserve(version.messages().size());
    for (const Template& message : version.messages()) {
        dialect::PromptMessage rendered{message.role, {}};
        for (const Template::Segment& segment : message.segments) {
            if (!segment.is_variable) {
                rendered.text += segment.text;
            } else if (const auto value = lookup(segment.text)) {
                rendered.text += *value;
            } else if (const auto rule = version.variables().find(segment.text); rule != version.variables().end() && !rule->second.required) {
                rendered.text += rule->second.otherwise;
            } else {
                return Error{ErrorKind::invalid_input, ErrorSource::client,
                             "The prompt " + version.name() + " needs the variable " + segment.text +
                                 "; give it in tidegate.variables or the header x-tidegate-variables."};
            }
        }
        messages.push_back(std::move(rendered));
    }
    return messages;
}

}  // namespace tidegate::prompts
