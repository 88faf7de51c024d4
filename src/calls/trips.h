// What guardrails found in one direction of an attempt, and what is to be done about it.
#pragma once

#include "calls/guard_texts.h"

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::calls {

// Counts trips; the most severe action decides, and of several the first.
class Trips {
  public:
    explicit Trips(guardrails::Direction direction) : direction_(direction) {}

    // `action` is what is done, which may be more than the guardrail asks for.
    void add(const guardrails::Guardrail& guardrail, std::string_view category, guardrails::Action action);
    // For a reason of our own, when the texts cannot be checked.
    void block(std::string message);

    guardrails::Action severest() const { return severest_; }
    GuardVerdict verdict() const;
    // Empty while the verdict is ok.
    const std::string& message() const { return message_; }
    std::vector<guardrails::Trip> take() { return std::move(trips_); }
    GuardOutcome outcome();

  private:
    guardrails::Direction direction_;
    guardrails::Action severest_ = guardrails::Action::off;
    std::string message_;
    std::vector<guardrails::Trip> trips_;
};

}  // namespace tidegate::calls
