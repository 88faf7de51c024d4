// The query of a request: only what the route knows, nothing twice.
#pragma once

#include <tidegate/base/result.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::admin {

struct Parameter {
    std::string_view name;  // "user"; "attr.*" takes every name behind "attr."
    std::string_view description;
};

// Percent escapes decoded; nothing if one is broken. `plus_is_blank` as in a query.
std::optional<std::string> decode_percent(std::string_view text, bool plus_is_blank);

class Parameters {
  public:
    // `invalid_input` for a broken escape, an unknown name, or a name that comes twice.
    static Result<Parameters> read(std::string_view query, std::span<const Parameter> known);

    // Nothing if it is missing or empty.
    std::optional<std::string_view> get(std::string_view name) const;
    // In written order, decoded.
    const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

  private:
    std::vector<std::pair<std::string, std::string>> all_;
};

}  // namespace tidegate::admin
