#include <tidegate/flags/attributes.h>

namespace tidegate::flags {

void Attributes::set(std::string name, AttributeValue value) {
    for (auto& [existing, old] : all_) {
        if (existing != name)
            continue;
        old = std::move(value);
        return;
    }
    all_.emplace_back(std::move(name), std::move(value));
}

const AttributeValue* Attributes::find(std::string_view name) const {
    for (const auto& [existing, value] : all_) {
        if (existing == name)
            return &value;
    }
    return nullptr;
}

}  // namespace tidegate::flags
