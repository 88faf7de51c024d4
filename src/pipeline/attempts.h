// The attempts of one exchange: each variant run once, and what that leaves on the exchange.
#pragma once

#include "pipeline/client_stream.h"

#include <tidegate/async/task.h>
#include <tidegate/base/clock.h>
#include <tidegate/calls/attempt.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::ledger {
class Account;
}

namespace tidegate::pipeline {

class Exchange;
struct FeatureVariant;

// Lives as long as the exchange is being answered, on its thread.
class Attempts {
  public:
    explicit Attempts(Exchange& exchange);
    Attempts(const Attempts&) = delete;
    Attempts& operator=(const Attempts&) = delete;

    // Runs `variant`, whose answer goes to the client as far as it streams. `last`: no later entry calls out.
    // What `result` held of an earlier entry is forgotten; its record and content go to the exchange.
    async::Task<void> run(const FeatureVariant& variant, bool last, calls::AttemptResult& result);

    // Why the last attempt failed, as `x-tidegate-fallback` names it; empty if none has.
    const std::string& last_reason() const { return last_reason_; }
    // Until when the entry that begins now may take.
    SteadyTime deadline(bool last) const;
    bool provider_changed(const FeatureVariant& variant) const;

  private:
    void note_trips(const FeatureVariant& variant, std::span<const guardrails::Trip> trips);

    Exchange& exchange_;
    ClientStream stream_;
    const std::string passed_headers_;
    const std::function<std::optional<std::string_view>(std::string_view)> variables_;
    std::vector<ledger::Account*> accounts_;  // who pays
    std::string last_reason_;
};

}  // namespace tidegate::pipeline
