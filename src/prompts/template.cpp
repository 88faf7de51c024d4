#include <tidegate/prompts/registry.h>

namespace tidegate::prompts {
namespace {

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

struct Placeholder {
    std::string_view name;
    std::size_t length = 0;  // with its braces; 0: there is none
};

// Reads the placeholder at the start of `text`. Looks no further than it reaches, so that a text of nothing but
// braces is read in linear time.
Placeholder read_placeholder(std::string_view text) {
    constexpr std::string_view kBlank = " \t";
    const auto begin = text.find_first_not_of(kBlank, 2);
    if (begin == std::string_view::npos)
        return {};
    auto end = begin;
    while (end < text.size() && is_name_character(text[end])) ++end;
    const auto close = text.find_first_not_of(kBlank, end);
    if (end == begin || close == std::string_view::npos || text.substr(close, 2) != "}}")
        return {};
    return {text.substr(begin, end - begin), close + 2};
}

void add_literal(std::vector<Template::Segment>& segments, std::string_view text) {
    if (text.empty())
        return;
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
        if (open == std::string_view::npos)
            break;
        content.remove_prefix(open);
        const Placeholder placeholder = read_placeholder(content);
        if (placeholder.length > 0) {
            segments.push_back({true, std::string(placeholder.name)});
            content.remove_prefix(placeholder.length);
        } else {
            add_literal(segments, content.substr(0, 1));
            content.remove_prefix(1);
        }
    }
    return segments;
}

Result<std::vector<dialect::PromptMessage>> render(
    const PromptVersion& version,
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
            } else if (const auto rule = version.variables().find(segment.text);
                       rule != version.variables().end() && !rule->second.required) {
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
