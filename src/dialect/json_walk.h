// Members and elements together with their places in the document.
#pragma once

#include "json_tokens.h"

#include <tidegate/base/result.h>

#include <cstdint>
#include <string_view>

#include <simdjson.h>

namespace tidegate::dialect::detail {

// Calls fn(name, value, item) for each member of `object`, which opens at `token`, until it fails.
template <class Function>
Result<void> each_member(const JsonTokens& tokens, const simdjson::dom::object& object, std::uint32_t token,
                         Function&& fn) {
    Result<void> result;
    auto field = object.begin();
    tokens.for_each(token, [&](const JsonItem& item) {
        result = fn(field.key(), field.value(), item);
        ++field;
        return result.has_value();
    });
    return result;
}

// The same with fn(value, item) for each element of an array.
template <class Function>
Result<void> each_element(const JsonTokens& tokens, const simdjson::dom::array& array, std::uint32_t token,
                          Function&& fn) {
    Result<void> result;
    auto element = array.begin();
    tokens.for_each(token, [&](const JsonItem& item) {
        result = fn(*element, item);
        ++element;
        return result.has_value();
    });
    return result;
}

}  // namespace tidegate::dialect::detail
