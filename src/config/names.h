// Names in the configuration: what they may look like, and what a wrong reference was probably meant to be.
#pragma once

#include <tidegate/yaml/cursor.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::config {

// Reports what is no name (see is_name); `more` are further characters that are allowed.
void check_name(const yaml::Cursor& at, const std::string& name, std::string_view more = {});

// Reports that there is no such thing, with the nearest one that there is.
void refuse_reference(const yaml::Cursor& at, std::string_view kind, std::string_view name,
                      const std::vector<std::string_view>& known);

template <class Map>
std::vector<std::string_view> names_of(const Map& map) {
    std::vector<std::string_view> names;
    for (const auto& entry : map) names.push_back(entry.first);
    return names;
}

}  // namespace tidegate::config
