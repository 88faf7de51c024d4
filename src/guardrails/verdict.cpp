#include "guardrails/verdict.h"

#include "guardrails/json_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::guardrails {
namespace {

Error bad_verdict(std::string_view why) {
    return {ErrorKind::malformed, ErrorSource::upstream, fmt::format("the verdict {}", why)};
}

void add_once(std::vector<std::string>& categories, std::string_view name) {
    if (std::find(categories.begin(), categories.end(), name) == categories.end())
        categories.emplace_back(name);
}

}  // namespace

Result<std::vector<std::string>> read_verdict(std::string_view json, const std::vector<std::string>& known) {
    nlohmann::json answer;
    if (const auto parsed = parse_json_text(json, answer); !parsed)
        return bad_verdict(parsed.error().message);
    const auto flagged = answer.is_object() ? answer.find("flagged") : answer.end();
    if (flagged == answer.end() || !flagged->is_boolean())
        return bad_verdict("has no boolean `flagged`");
    std::vector<std::string> categories;
    const auto named = answer.find("categories");
    if (named != answer.end() && !named->is_array())
        return bad_verdict("has `categories` that are no list");
    if (!flagged->get<bool>())
        return categories;
    if (named != answer.end()) {
        for (const auto& item : *named) {
            if (!item.is_string())
                return bad_verdict("has a category that is no text");
            const auto& name = item.get_ref<const std::string&>();
            const bool is_known = std::find(known.begin(), known.end(), name) != known.end();
            if (is_known)
                add_once(categories, name);
            else if (!known.empty())
                add_once(categories, "other");
        }
    }
    if (categories.empty())
        categories.emplace_back("flagged");
    return categories;
}

}  // namespace tidegate::guardrails
