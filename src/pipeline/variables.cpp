#include "pipeline/variables.h"

namespace tidegate::pipeline {

std::optional<std::string_view> find_variable(const HeaderVariables& of_header,
                                              const dialect::RequestView& view, std::string_view name) {
    for (const auto& [variable_name, value] : of_header) {
        if (variable_name == name)
            return value;
    }
    for (const dialect::Variable& entry : view.variables()) {
        if (entry.name == name)
            return entry.value;
    }
    return std::nullopt;
}

}  // namespace tidegate::pipeline
