#include "config/names.h"

#include <tidegate/yaml/nearest.h>

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::config {
namespace {

constexpr std::size_t kLongestName = 128;

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
}

}  // namespace

void check_name(const yaml::Cursor& at, const std::string& name, std::string_view more) {
    const bool good =
        !name.empty() && name.size() <= kLongestName && std::all_of(name.begin(), name.end(), [more](char c) {
            return is_plain(c) || more.find(c) != std::string_view::npos;
        });
    if (good)
        return;
    std::string allowed = "letters, digits, `_`, `-`, `.`";
    for (const char c : more) allowed += fmt::format(", `{}`", c);
    at.problem(fmt::format("is no name: at most {} of {}", kLongestName, allowed));
}

void refuse_reference(const yaml::Cursor& at, std::string_view kind, std::string_view name,
                      const std::vector<std::string_view>& known) {
    const auto meant = yaml::nearest(name, known);
    at.problem(fmt::format("there is no {} \"{}\"{}", kind, name,
                           meant ? fmt::format("; did you mean \"{}\"?", *meant) : ""));
}

}  // namespace tidegate::config
