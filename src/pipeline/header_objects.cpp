#include "pipeline/header_objects.h"

#include <algorithm>

#include <openssl/evp.h>
#include <simdjson.h>

namespace tidegate::pipeline {
namespace {

using Entries = std::vector<std::pair<std::string, flags::AttributeValue>>;

Error refused(std::string_view header, std::string_view why) {
    return {ErrorKind::invalid_input, ErrorSource::client,
            "The header " + std::string(header) + " " + std::string(why)};
}

// base64url with or without padding; nothing if it is not that.
std::optional<std::string> decode_base64url(std::string_view text) {
    std::string standard(text);
    std::replace(standard.begin(), standard.end(), '-', '+');
    std::replace(standard.begin(), standard.end(), '_', '/');
    while (!standard.empty() && standard.back() == '=') standard.pop_back();
    const std::size_t padding = (4 - standard.size() % 4) % 4;
    standard.append(padding, '=');
    std::string out(standard.size() / 4 * 3, '\0');
    const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                       reinterpret_cast<const unsigned char*>(standard.data()),
                                       static_cast<int>(standard.size()));
    if (length < 0 || padding > 2)
        return std::nullopt;
    out.resize(static_cast<std::size_t>(length) - padding);
    return out;
}

std::optional<flags::AttributeValue> attribute_of(const simdjson::dom::element& value) {
    switch (value.type()) {
        case simdjson::dom::element_type::STRING:
            return std::string(std::string_view(value));
        case simdjson::dom::element_type::BOOL:
            return bool(value);
        case simdjson::dom::element_type::INT64:
            return static_cast<double>(std::int64_t(value));
        case simdjson::dom::element_type::UINT64:
            return static_cast<double>(std::uint64_t(value));
        case simdjson::dom::element_type::DOUBLE:
            return double(value);
        default:
            return std::nullopt;
    }
}

}  // namespace

Result<Entries> parse_header_object(std::string_view header, std::string_view value) {
    std::string decoded(value);
    if (value.starts_with("b64:")) {
        auto text = decode_base64url(value.substr(4));
        if (!text)
            return refused(header, "is not base64url behind b64:.");
        decoded = std::move(*text);
    }
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    const simdjson::padded_string padded(decoded);
    if (parser.parse(padded).get(object) != simdjson::SUCCESS) {
        return refused(header, "must hold a JSON object of strings, numbers and booleans.");
    }
    Entries entries;
    for (const auto& field : object) {
        auto attribute = attribute_of(field.value);
        if (!attribute)
            return refused(header, "must hold only strings, numbers and booleans.");
        for (const auto& [name, earlier] : entries) {
            if (name == field.key)
                return refused(header, "names a member twice.");
        }
        entries.emplace_back(std::string(field.key), std::move(*attribute));
    }
    return entries;
}

}  // namespace tidegate::pipeline
