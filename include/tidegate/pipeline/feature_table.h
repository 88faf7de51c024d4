// What a request needs of the configuration, immutable: one table a snapshot, shared by all I/O threads.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/calls/variant.h>
#include <tidegate/dialect/format.h>
#include <tidegate/flags/flag.h>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tidegate::metrics {
struct RequestSeries;
class Counter;
}  // namespace tidegate::metrics

namespace tidegate::pipeline {

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

struct FeatureVariant {
    calls::Variant variant;
    // The headers that say what was decided, as lines.
    std::string header_lines;
    metrics::RequestSeries* series = nullptr;  // lives as long as the process
};

// One entry of a chain: a variant by its index, or an answer.
struct ChainEntry {
    std::string name;
    std::optional<std::size_t> variant;
    std::variant<TextAnswer, JsonAnswer, FirstSentences> answer;

    bool calls_out() const { return variant.has_value(); }
};

enum class ClientSystem { append, forbid };

// One AI capability of an application.
struct Feature {
    std::string name;
    dialect::Operation operation = dialect::Operation::chat;
    ClientSystem client_system = ClientSystem::append;
    flags::Flag flag;
    std::vector<FeatureVariant> variants;         // in written order, as the flag counts them
    std::vector<std::vector<ChainEntry>> chains;  // by variant: itself, then its fallback list
    Duration total = std::chrono::seconds{60};    // the whole chain
    std::optional<Duration> attempt;              // every entry but the last that calls out; else total / 2
    std::optional<Duration> first_token;          // streams only
    metrics::Counter* unassigned = nullptr;       // lives as long as the process
};

// By name. Lookups from any thread.
class FeatureTable {
  public:
    std::map<std::string, Feature, std::less<>> features;
    // Plain models, which only callers with an access key may name.
    std::map<std::string, std::shared_ptr<const calls::Model>, std::less<>> models;
    // Attribute name to its listed values; another value is recorded as "other".
    std::map<std::string, std::vector<std::string>, std::less<>> segments;
    std::string config_hash;
    bool anonymous = false;             // callers without an access key are served
    std::size_t max_content = 1 << 20;  // bytes a side that a record keeps; 0: none
    Duration heartbeat = std::chrono::seconds{15};

    const Feature* find(std::string_view name) const;
};

}  // namespace tidegate::pipeline
