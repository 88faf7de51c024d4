#include "config/names.h"

#include <tidegate/base/text.h>
#include <tidegate/yaml/nearest.h>

#include <fmt/format.h>

namespace tidegate::config {
void check_name(const yaml::Cursor& at, const std::string& name, std::string_view more) {
    if (is_name(name, more))
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
