#include "pipeline/identify.h"

#include "pipeline/credentials.h"
#include "pipeline/header_objects.h"

#include <tidegate/base/text.h>
#include <tidegate/http/request.h>
#include <tidegate/pipeline/exchange.h>

#include <fmt/format.h>

namespace tidegate::pipeline {
namespace {

constexpr std::size_t kLongestName = 256;  // bytes of a user or conversation

bool refuse(Exchange& exchange, int status, std::string_view code, std::string_view message) {
    exchange.refuse(events::Outcome::client_error, status, code, message);
    return false;
}

// A header of which there may be one; a second would leave open which one was meant.
bool single(const http::Request& request, std::string_view name) {
    return request.header_count(name) <= 1;
}

// One answer for what there is not and for what the key may not use: a key finds out no other names.
bool find_feature_of_key(Exchange& exchange, std::string_view named) {
    if (exchange.key->may_use_feature(named)) {
        exchange.feature = exchange.table->find(named);
    } else if (exchange.key->may_use_model(named)) {
        exchange.direct_variant = exchange.table->find_direct(named);
        if (exchange.direct_variant)
            exchange.feature = exchange.table->direct.get();
    }
    if (exchange.feature != nullptr)
        return true;
    return refuse(
        exchange, 403, "forbidden",
        fmt::format("This access key may use no feature or model {}; GET /v1/models lists those it may.",
                    json_string(utf8_prefix(named, 100))));
}

bool find_feature(Exchange& exchange) {
    const std::string_view named =
        exchange.request.header("x-tidegate-feature").value_or(exchange.view.model());
    if (named.empty())
        return refuse(exchange, 400, "invalid_request",
                      "Name a feature as the model, or in the header x-tidegate-feature.");
    if (exchange.key != nullptr)
        return find_feature_of_key(exchange, named);
    exchange.feature = exchange.table->find(named);
    if (exchange.feature != nullptr)
        return true;
    if (exchange.table->models.contains(named)) {
        return refuse(
            exchange, 403, "forbidden",
            fmt::format(
                "The model {} may be named directly only with an access key that allows it; name a feature.",
                named));
    }
    return refuse(exchange, 404, "unknown_feature",
                  fmt::format("There is no feature {}; GET /v1/models lists them.",
                              json_string(utf8_prefix(named, 100))));
}

bool read_names(Exchange& exchange) {
    exchange.user = exchange.request.header("x-tidegate-user").value_or(exchange.view.user());
    exchange.conversation = exchange.request.header("x-tidegate-conversation").value_or("");
    if (exchange.user.size() > kLongestName || exchange.conversation.size() > kLongestName) {
        return refuse(exchange, 400, "invalid_request", "A user or conversation is longer than 256 bytes.");
    }
    return true;
}

bool read_objects(Exchange& exchange) {
    if (const auto value = exchange.request.header("x-tidegate-metadata")) {
        auto entries = parse_header_object("x-tidegate-metadata", *value);
        if (!entries)
            return refuse(exchange, 400, "invalid_request", entries.error().message);
        exchange.header_attributes = std::move(*entries);
    }
    if (const auto value = exchange.request.header("x-tidegate-variables")) {
        auto entries = parse_header_object("x-tidegate-variables", *value);
        if (!entries)
            return refuse(exchange, 400, "invalid_request", entries.error().message);
        for (auto& [name, variable] : *entries) {
            std::string text = std::holds_alternative<std::string>(variable) ? std::get<std::string>(variable)
                                                                             : flags::to_text(variable);
            exchange.header_variables.emplace_back(std::move(name), std::move(text));
        }
    }
    return true;
}

}  // namespace

bool authenticate(Exchange& exchange) {
    Caller caller = find_caller(exchange.request, *exchange.table);
    exchange.key = caller.key;
    if (!caller.refused)
        return true;
    exchange.refuse(events::Outcome::client_error, caller.refused->status, caller.refused->code,
                    caller.refused->message, std::move(caller.refused->header_lines));
    return false;
}

bool identify(Exchange& exchange) {
    for (const std::string_view name : {"x-tidegate-feature", "x-tidegate-user", "x-tidegate-conversation",
                                        "x-tidegate-metadata", "x-tidegate-variables"}) {
        if (!single(exchange.request, name)) {
            return refuse(exchange, 400, "invalid_request",
                          fmt::format("The header {} was sent more than once.", name));
        }
    }
    return find_feature(exchange) && read_names(exchange) && read_objects(exchange);
}

}  // namespace tidegate::pipeline
