// A flag from the YAML of a feature.
#pragma once

#include <tidegate/flags/decide.h>
#include <tidegate/yaml/document.h>

#include <string>
#include <vector>

namespace tidegate::flags {

struct ReadFlag {
    explicit ReadFlag(std::string_view feature,
                      const std::vector<std::string>& variants = {"stable", "next", "small"},
                      const std::string& name = "support-reply") {
        const yaml::Document document = yaml::parse("f.yaml", feature, problems);
        flag = parse_flag(document.root(), name, variants);
        document.root().finish();
    }

    yaml::Problems problems;
    Flag flag;
};

}  // namespace tidegate::flags
