#include "pipeline/stages/flag.h"

#include <tidegate/http/request.h>
#include <tidegate/metrics/metrics.h>
#include <tidegate/pipeline/exchange.h>

#include <fmt/format.h>

namespace tidegate::pipeline {
namespace {

flags::AttributeValue to_attribute(const std::variant<bool, double, std::string_view>& value) {
    if (const auto* text = std::get_if<std::string_view>(&value))
        return std::string(*text);
    if (const auto* number = std::get_if<double>(&value))
        return *number;
    return std::get<bool>(value);
}

// A plain model is for whatever it can do.
dialect::Operation operation_of(const Exchange& exchange) {
    const std::optional<std::size_t> direct = exchange.direct_variant;
    if (!direct)
        return exchange.feature->operation;
    return exchange.feature->variants[*direct].variant.model->embeds() ? dialect::Operation::embeddings
                                                                       : dialect::Operation::chat;
}

// A feature of the other operation would send a body to a model that cannot take it.
bool operation_fits(Exchange& exchange) {
    const dialect::Operation operation = operation_of(exchange);
    if (operation == exchange.operation)
        return true;
    exchange.refuse(events::Outcome::client_error, 400, "invalid_request",
                    fmt::format("The {} is for {}; call that route.",
                                exchange.direct_variant ? "model" : "feature " + exchange.feature->name,
                                operation == dialect::Operation::embeddings ? "embeddings" : "chat"));
    return false;
}

flags::Decision decide(const Exchange& exchange, const flags::Context& context) {
    const flags::Flag& flag = exchange.feature->flag;
    const std::optional<std::size_t> direct = exchange.direct_variant;
    if (!direct)
        return flags::decide(flag, context);
    flags::Decision decision;
    decision.variant = flag.variants[*direct];
    decision.index = *direct;
    return decision;
}

}  // namespace

Step FlagStage::enter(Exchange& exchange) {
    if (!operation_fits(exchange))
        return Step::answered;
    for (const dialect::MetadataEntry& entry : exchange.view.metadata()) {
        exchange.attributes.set(std::string(entry.name), to_attribute(entry.value));
    }
    for (auto& [name, value] : exchange.header_attributes) exchange.attributes.set(name, value);

    const flags::Context context{
        exchange.user.empty() ? std::nullopt : std::optional(exchange.user),
        exchange.conversation.empty() ? std::nullopt : std::optional(exchange.conversation),
        &exchange.attributes};
    exchange.decision = decide(exchange, context);
    exchange.variant = &exchange.feature->variants[exchange.decision.index];
    if (exchange.decision.unassigned)
        exchange.feature->unassigned->increment();

    if (exchange.feature->client_system == ClientSystem::forbid && exchange.view.has_system()) {
        exchange.refuse(events::Outcome::client_error, 400, "invalid_request",
                        fmt::format("The feature {} takes no system message from clients; its prompt has one.",
                                    exchange.feature->name));
        return Step::answered;
    }
    return Step::next;
}

}  // namespace tidegate::pipeline
