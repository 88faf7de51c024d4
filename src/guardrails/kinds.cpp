#include "guardrails/kinds.h"

#include <tidegate/yaml/nearest.h>

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tidegate::guardrails {
namespace {

constexpr bool kAnyPart = false;
constexpr bool kWholeText = true;
constexpr bool kHere = false;
constexpr bool kRemote = true;

constexpr Kind kKinds[] = {
    {"pii", kAnyPart, kHere, make_pii},
    {"secrets", kAnyPart, kHere, make_secrets},
    {"forbidden", kAnyPart, kHere, make_forbidden},
    {"prompt_injection", kAnyPart, kHere, make_prompt_injection},
    {"length", kWholeText, kHere, make_length},
    {"json_schema", kWholeText, kHere, make_json_schema},
    {"http", kWholeText, kRemote, make_http},
    {"judge", kWholeText, kRemote, make_judge},
};

}  // namespace

std::span<const Kind> kinds() {
    return kKinds;
}

std::vector<std::string_view> parse_categories(const yaml::Cursor& at,
                                               const std::vector<std::string_view>& known) {
    if (!at)
        return known;
    std::vector<std::string_view> wanted;
    at.each_item([&](const yaml::Cursor& item) {
        const std::string name = item.text();
        const auto found = std::find(known.begin(), known.end(), name);
        if (found != known.end()) {
            wanted.push_back(*found);
        } else if (!name.empty()) {
            const auto meant = yaml::nearest(name, known);
            item.problem(fmt::format("there is no category \"{}\"; {}", name,
                                     meant ? fmt::format("did you mean \"{}\"?", *meant)
                                           : fmt::format("there are {}", fmt::join(known, ", "))));
        }
    });
    if (at.is_list() && at.size() == 0)
        at.problem("an empty list finds nothing; name categories");
    std::vector<std::string_view> ordered;
    std::copy_if(known.begin(), known.end(), std::back_inserter(ordered), [&](std::string_view name) {
        return std::find(wanted.begin(), wanted.end(), name) != wanted.end();
    });
    return ordered;
}

}  // namespace tidegate::guardrails
