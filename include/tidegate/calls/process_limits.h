// What all I/O threads share about providers and access keys. It survives reloads.
#pragma once

#include <tidegate/access/key_limits.h>
#include <tidegate/upstream/circuit_breaker.h>
#include <tidegate/upstream/limits.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace tidegate::calls {

class ProcessLimits {
  public:
    upstream::CircuitBreakers breakers;
    upstream::ConcurrencyLimits concurrency;
    access::KeyLimits keys;

    // Made at the first call; the reference stays valid. Any thread.
    upstream::RetryBudget& retry_budget(const std::string& provider) {
        const std::lock_guard lock(mutex_);
        auto& budget = retry_budgets_[provider];
        if (!budget)
            budget = std::make_unique<upstream::RetryBudget>();
        return *budget;
    }

  private:
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<upstream::RetryBudget>> retry_budgets_;
};

}  // namespace tidegate::calls
