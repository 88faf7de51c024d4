// The whole configuration: parsed, cross-checked, immutable. Published whole or not at all.
#pragma once

#include <tidegate/admin/options.h>
#include <tidegate/base/log.h>
#include <tidegate/cache/options.h>
#include <tidegate/calls/process_limits.h>
#include <tidegate/events/recorder.h>
#include <tidegate/guardrails/parse.h>
#include <tidegate/http/options.h>
#include <tidegate/ledger/account.h>
#include <tidegate/pipeline/feature_table.h>
#include <tidegate/prompts/registry.h>
#include <tidegate/release/shadow_thresholds.h>
#include <tidegate/simulator/options.h>
#include <tidegate/upstream/endpoint.h>
#include <tidegate/yaml/problems.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::metrics {
class Metrics;
}

namespace tidegate::config {

// What needs a restart: a reload that changes one of these is refused and says so.
struct Fixed {
    std::string listen = "127.0.0.1:8080";
    std::string admin = "127.0.0.1:9900";
    std::size_t threads = 0;  // 0: auto
    std::string store_url = "sqlite:data/tidegate.db";
    bool serve_on_failure = false;  // `store.on_failure`
    cache::Options cache;

    bool operator==(const Fixed&) const = default;
};

struct LogOptions {
    log::Level level = log::Level::info;
    std::optional<log::Format> format;  // none: text on a terminal, else JSON
};

// An account and what holds for it once the configuration is published.
struct AccountSetting {
    std::string name;
    ledger::AccountKind kind = ledger::AccountKind::users;
    ledger::AccountOptions options;
};

// Where one provider's simulator listens, by provider name.
using SimulatorAddresses = std::map<std::string, std::string>;

// By feature that has a shadow lane.
using ShadowThresholds = std::map<std::string, release::ShadowThresholds>;

struct Snapshot {
    Fixed fixed;
    http::ListenerOptions listener;
    Duration drain{};
    LogOptions log;
    events::RecorderOptions recorder;
    admin::Options admin;
    std::map<std::string, simulator::Options> simulators;  // by provider name
    std::shared_ptr<const prompts::Registry> prompts;
    std::shared_ptr<const pipeline::FeatureTable> features;
    std::vector<upstream::EndpointKey> endpoints;  // in use, for the pools
    std::vector<AccountSetting> accounts;
    ShadowThresholds shadow_thresholds;
    Duration longest_call{};  // the longest `total` of a feature, or `timeout` of its shadow lane
    std::string json;         // the configuration with secrets redacted
};

// What building a snapshot needs besides the files.
struct Context {
    metrics::Metrics& metrics;
    calls::ProcessLimits& limits;
    // Content hashes of prompt versions that have been served, by "name@version", from the store at this
    // address.
    std::function<Result<std::map<std::string, std::string>>(const std::string& store_url)> served_hashes;
    // Of the configuration that is in use; null if there is none.
    std::shared_ptr<const prompts::Registry> prompts = {};
    // The account of this name and kind; one that exists already keeps its options for now. Empty: no ledger.
    std::function<ledger::Account*(const std::string& name, ledger::AccountKind kind,
                                   const ledger::AccountOptions& options)>
        account = {};
    // For guardrails that ask somebody; empty for `check`. See guardrails::ParseContext.
    std::function<upstream::Client&(async::IoThread&)> client = {};
    guardrails::AskModel ask_model = {};
    // Asked once the simulators' options are known, before the endpoints are made. `check` starts none and
    // gives placeholder addresses.
    std::function<SimulatorAddresses(const std::map<std::string, simulator::Options>&)> start_simulators;
};

struct Loaded {
    std::unique_ptr<Snapshot> snapshot;  // null if there were errors
    yaml::Problems problems;             // warnings too
    std::vector<std::string> files;      // every file that was read, for the watcher; complete even on errors
    std::vector<std::string> patterns;   // of `include`: where new files may appear
};

// Reads, parses and cross-checks everything. Reads files: not on an I/O thread. Never throws for what stands in
// them.
Loaded load(const std::string& path, const Context& context);

}  // namespace tidegate::config
