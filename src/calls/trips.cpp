#include "calls/trips.h"

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::calls {

using guardrails::Action;

void Trips::add(const guardrails::Guardrail& guardrail, std::string_view category, Action action) {
    const auto known = std::find_if(trips_.begin(), trips_.end(), [&](const guardrails::Trip& trip) {
        return trip.guardrail == guardrail.name && trip.category == category && trip.action == action;
    });
    if (known != trips_.end()) {
        ++known->count;
    } else {
        trips_.push_back({guardrail.name, std::string(category), direction_, action, 1});
    }
    if (action <= severest_)
        return;
    severest_ = action;
    if (action < Action::fallback)
        return;
    message_ = fmt::format("The guardrail {} stopped the {} ({}).", guardrail.name,
                           direction_ == guardrails::Direction::input ? "request" : "answer", category);
}

void Trips::block(std::string message) {
    if (severest_ == Action::block)
        return;
    severest_ = Action::block;
    message_ = std::move(message);
}

GuardVerdict Trips::verdict() const {
    if (severest_ == Action::block)
        return GuardVerdict::block;
    return severest_ == Action::fallback ? GuardVerdict::fallback : GuardVerdict::ok;
}

GuardOutcome Trips::outcome() {
    return {verdict(), std::move(message_), std::move(trips_)};
}

}  // namespace tidegate::calls
