#include "admin/parameters.h"

#include <algorithm>

namespace tidegate::admin {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool is_known(std::string_view name, std::span<const Parameter> known) {
    return std::ranges::any_of(known, [&](const Parameter& parameter) {
        if (!parameter.name.ends_with('*'))
            return name == parameter.name;
        const std::string_view prefix = parameter.name.substr(0, parameter.name.size() - 1);
        return name.size() > prefix.size() && name.starts_with(prefix);
    });
}

Error invalid(std::string message) {
    return {.kind = ErrorKind::invalid_input, .source = ErrorSource::client, .message = std::move(message)};
}

Error unknown(std::span<const Parameter> known) {
    std::string message = "The query has an unknown parameter; this route knows ";
    if (known.empty())
        return invalid(message + "none.");
    for (std::size_t i = 0; i < known.size(); ++i) {
        if (i > 0)
            message += ", ";
        message += known[i].name;
    }
    return invalid(message + ".");
}

}  // namespace

std::optional<std::string> decode_percent(std::string_view text, bool plus_is_blank) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_blank) {
            out += ' ';
        } else if (text[i] == '%') {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return std::nullopt;
            out += static_cast<char>(high << 4 | low);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

Result<Parameters> Parameters::read(std::string_view query, std::span<const Parameter> known) {
    Parameters parameters;
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.empty())
            continue;
        const std::size_t equals = pair.find('=');
        auto name = decode_percent(pair.substr(0, equals), true);
        auto value = decode_percent(
            equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true);
        if (!name || !value)
            return invalid("The query has a broken percent escape.");
        if (!is_known(*name, known))
            return unknown(known);
        if (std::ranges::any_of(parameters.all_, [&](const auto& other) { return other.first == *name; }))
            return invalid("The query has a parameter twice.");
        parameters.all_.emplace_back(std::move(*name), std::move(*value));
    }
    return parameters;
}

std::optional<std::string_view> Parameters::get(std::string_view name) const {
    for (const auto& [known, value] : all_) {
        if (known == name && !value.empty())
            return value;
    }
    return std::nullopt;
}

}  // namespace tidegate::admin
