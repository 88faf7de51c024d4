// What a call needs of the configuration: providers, models and variants, immutable and shared.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/dialect/format.h>
#include <tidegate/dialect/request_writer.h>
#include <tidegate/ledger/price.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::upstream {
class CircuitBreaker;
class ConcurrencyLimit;
class Endpoint;
class RetryBudget;
}  // namespace tidegate::upstream
namespace tidegate::guardrails {
struct Guardrail;
}
namespace tidegate::metrics {
struct UpstreamSeries;
}
namespace tidegate::prompts {
class PromptVersion;
}

namespace tidegate::calls {

// An upstream service and its dialect, credentials and limits.
struct Provider {
    std::string name;
    dialect::Format format = dialect::Format::openai;
    std::shared_ptr<const upstream::Endpoint> endpoint;  // address, credentials, pool
    Duration first_token{};                              // streams: until the first content
    Duration idle{};                                     // between two reads
    Duration total{};                                    // one attempt at most
    // Process-wide, kept over reloads, outliving every snapshot.
    upstream::ConcurrencyLimit* concurrency = nullptr;
    upstream::RetryBudget* retry_budget = nullptr;
};

// A pinned model of a provider, with its price.
struct Model {
    std::string name;  // in the configuration
    std::string id;    // at the provider
    std::shared_ptr<const Provider> provider;
    std::int64_t context = 0;     // tokens of input and output
    std::int64_t max_output = 0;  // tokens
    ledger::Price price;
    std::string price_hash;
    dialect::Quirks quirks;
    upstream::CircuitBreaker* breaker = nullptr;  // of this provider and model, process-wide
    metrics::UpstreamSeries* series = nullptr;    // lives as long as the process; null: counted elsewhere

    // A model that can only embed has no output to speak of.
    bool embeds() const { return max_output == 1; }
};

// One complete configuration object of a feature.
struct Variant {
    std::string name;
    std::shared_ptr<const Model> model;
    std::shared_ptr<const prompts::PromptVersion> prompt;  // none: the client's messages alone
    std::string prompt_name;                               // "support-reply@3", empty without a prompt
    std::string prompt_hash;
    std::optional<std::int64_t> max_output_tokens;
    std::optional<double> temperature;
    std::optional<double> top_p;
    std::optional<std::int64_t> seed;
    std::vector<std::string> stop;
    std::string reasoning_effort;
    std::vector<std::shared_ptr<const guardrails::Guardrail>> guardrails;  // in their order
};

}  // namespace tidegate::calls
