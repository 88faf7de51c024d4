// What a call says of itself for targeting: names and values, from the body's `metadata` and the metadata
// header.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tidegate::flags {

using AttributeValue = std::variant<bool, double, std::string>;

// A small map in the order of first writing. A value type.
class Attributes {
  public:
    // Replaces an earlier value of that name: set the header's after the body's.
    void set(std::string name, AttributeValue value);
    const AttributeValue* find(std::string_view name) const;

    bool empty() const { return all_.empty(); }
    std::size_t size() const { return all_.size(); }
    auto begin() const { return all_.begin(); }
    auto end() const { return all_.end(); }

  private:
    std::vector<std::pair<std::string, AttributeValue>> all_;
};

}  // namespace tidegate::flags
