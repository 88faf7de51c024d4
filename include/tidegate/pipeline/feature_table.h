// What a request needs of the configuration, immutable: one table a snapshot, shared by all I/O threads.
#pragma once

#include <tidegate/access/key_ring.h>
#include <tidegate/base/clock.h>
#include <tidegate/base/digest.h>
#include <tidegate/cache/options.h>
#include <tidegate/calls/variant.h>
#include <tidegate/dialect/format.h>
#include <tidegate/flags/flag.h>
#include <tidegate/upstream/endpoint.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tidegate::ledger {
class Account;
}
namespace tidegate::metrics {
struct CacheSeries;
struct RequestSeries;
class Counter;
}  // namespace tidegate::metrics

namespace tidegate::pipeline {

struct ShadowOptions;

// A fallback that calls no model.
struct TextAnswer {
    std::string text;
};
struct JsonAnswer {
    std::string json;  // serialised
};
struct FirstSentences {
    int count = 1;  // of the last user message
};
// Of the application's own, over HTTP.
struct HttpAnswer {
    upstream::Target target;
    Duration timeout{};
};

// Only in `at_ceiling`: what the cache still holds for the decided variant, however old.
struct StaleAnswer {};
// Only in `at_ceiling`: the end of the list, said where it is meant.
struct Reject {};

struct FeatureVariant {
    calls::Variant variant;
    // The headers that say what was decided, as lines.
    std::string header_lines;
    metrics::RequestSeries* series = nullptr;  // lives as long as the process
    // Over all that an answer of it depends on, but for the request; only where the feature has a cache.
    Digest content_hash{};
};

// One entry of a chain: a variant by its index, or an answer.
struct ChainEntry {
    std::string name;
    std::optional<std::size_t> variant;
    std::variant<TextAnswer, JsonAnswer, FirstSentences, HttpAnswer, StaleAnswer, Reject> answer;

    bool calls_out() const { return variant || std::holds_alternative<HttpAnswer>(answer); }
};

enum class ClientSystem { append, forbid };

// One AI capability of an application.
struct Feature {
    std::string name;
    dialect::Operation operation = dialect::Operation::chat;
    ClientSystem client_system = ClientSystem::append;
    flags::Flag flag;
    std::vector<FeatureVariant> variants;          // in written order, as the flag counts them
    std::vector<std::vector<ChainEntry>> chains;   // by variant: itself, then its fallback list
    Duration total = std::chrono::seconds{60};     // the whole chain
    std::optional<Duration> attempt;               // every entry but the last that calls out; else total / 2
    std::optional<Duration> first_token;           // streams only
    std::optional<double> least_mean_logprob;      // an answer below it is none to rely on
    metrics::Counter* unassigned = nullptr;        // lives as long as the process
    std::optional<cache::Policy> cache;            // nothing: each call is made
    metrics::CacheSeries* cache_series = nullptr;  // of a feature with a cache; lives as long as the process
    ledger::Account* account = nullptr;            // of its users; lives as long as the process
    std::vector<ChainEntry> at_ceiling;            // what serves instead once the account degrades
    std::shared_ptr<const ShadowOptions> shadow;   // null: none
};

// By name. Lookups from any thread.
class FeatureTable {
  public:
    std::map<std::string, Feature, std::less<>> features;
    // Plain models for callers whose access key names them: a variant each, of the model's name. Null if no key
    // names one. Not among `features`, because nobody may name it.
    std::shared_ptr<const Feature> direct;
    // Every model, as variants name them.
    std::map<std::string, std::shared_ptr<const calls::Model>, std::less<>> models;
    // The same as shadow lanes use them, for runs and for the judges that these ask: with circuit breakers,
    // retry budgets and concurrency limits of their own, and without figures.
    std::map<std::string, std::shared_ptr<const calls::Model>, std::less<>> lane_models;
    // Attribute name to its listed values; another value is recorded as "other".
    std::map<std::string, std::vector<std::string>, std::less<>> segments;
    std::string config_hash;
    access::KeyRing keys;
    // Of keys with a monthly limit, by the key's name; they live as long as the process.
    std::map<std::string, ledger::Account*, std::less<>> key_accounts;
    bool anonymous = false;             // callers without an access key are served, unless there are keys
    std::size_t max_content = 1 << 20;  // bytes a side that a record keeps; 0: none
    bool redact_content = false;        // records keep it without what any guardrail matches
    Duration heartbeat = std::chrono::seconds{15};

    const Feature* find(std::string_view name) const;
    // The variant of `direct` that runs this model.
    std::optional<std::size_t> find_direct(std::string_view model) const;
};

}  // namespace tidegate::pipeline
