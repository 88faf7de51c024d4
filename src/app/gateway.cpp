#include "app/gateway.h"

#include "app/ask_model.h"
#include "app/ledger_replay.h"
#include "app/version.h"

#include <tidegate/base/log.h>
#include <tidegate/flags/flag.h>
#include <tidegate/pipeline/storage.h>

#include <fmt/format.h>

namespace tidegate::app {
namespace {

constexpr std::size_t kAdminBody = 1 << 20;  // no route of the admin port takes a body
// Longer than any commit of the log, shorter than an orchestrator's patience.
constexpr Duration kRecordPatience = std::chrono::seconds{10};

void set_log(const config::Snapshot& snapshot) {
    log::set_level(snapshot.log.level);
    if (snapshot.log.format)
        log::set_format(*snapshot.log.format);
}

std::string lines_of(const yaml::Problems& problems) {
    std::string text = problems.text();
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

}  // namespace

Gateway::Worker::Worker(std::size_t index, const Clock& clock, pipeline::Services& services,
                        cache::Backend& backend, std::shared_ptr<const pipeline::FeatureTable> table)
    : io("io-" + std::to_string(index), index, clock),
      client(io),
      cache(backend.open(io)),
      state(io, services, client, std::move(table)) {
    state.cache = cache.get();
}

Gateway::Gateway(std::string config_path)
    : config_path_(std::move(config_path)), metrics_(kVersion, kRevision), simulators_(clock_) {}

// In the reverse order of `start`: nobody uses what is gone.
Gateway::~Gateway() {
    if (watcher_)
        watcher_->stop();
    admin_server_.reset();
    api_server_.reset();
    for (const auto& worker : workers_) worker->io.stop();
    workers_.clear();
    shadow_.reset();
    recorder_.reset();
    ledger_.reset();
    store_.reset();
}

config::Loaded Gateway::load() {
    watcher_->about_to_read();
    const std::shared_ptr<const config::Snapshot> before = current();
    const config::Context context{
        .metrics = metrics_,
        .limits = limits_,
        .served_hashes = [this](const std::string& url) -> Result<std::map<std::string, std::string>> {
            if (auto opened = open_store(url); !opened)
                return opened.error();
            return store_->served_hashes();
        },
        .prompts = before ? before->prompts : nullptr,
        .account = [this](const auto& name, auto kind,
                          const auto& options) { return account(name, kind, options); },
        .client = [this](async::IoThread& io) -> upstream::Client& { return workers_[io.index()]->client; },
        .ask_model =
            [this](async::IoThread& io, const guardrails::ModelQuestion& question,
                   async::Cancellation& cancellation) {
                return ask_model(workers_[io.index()]->state, question, cancellation);
            },
        .start_simulators = [this](const auto& wanted) { return simulators_.start(wanted); },
    };
    return config::load(config_path_, context);
}

Result<void> Gateway::start() {
    // Before the files are read, so that no edit falls between the two. It watches nothing yet.
    watcher_ = std::make_unique<config::Watcher>([this] { reload(); });
    config::Loaded loaded = load();
    for (const yaml::Problem& problem : loaded.problems.all()) {
        if (problem.severity == yaml::Severity::warning)
            log::warn("config", "{}", problem.text());
    }
    if (!loaded.snapshot)
        return Error{ErrorKind::invalid_input, ErrorSource::gateway, lines_of(loaded.problems)};
    current_ = std::move(loaded.snapshot);
    set_log(*current_);
    apply_accounts(*current_);

    if (auto opened = open_recorder(); !opened)
        return opened;
    open_shadow();
    if (auto started = start_api(); !started)
        return started;
    if (auto started = start_admin(); !started)
        return started;
    observe_process();
    observe_circuits(*current_);
    metrics_.reloaded(true, clock_.wall());
    watch(loaded);
    return {};
}

Result<void> Gateway::open_recorder() {
    std::vector<std::unique_ptr<events::Sink>> sinks;
    sinks.push_back(std::make_unique<LedgerReplay>(*ledger_, current_->recorder.log.directory));
    auto recorder = events::Recorder::open(current_->recorder, clock_, std::move(sinks));
    if (!recorder)
        return recorder.error();
    recorder_ = std::move(*recorder);
    const bool strict = current_->recorder.log.durability == events::Durability::strict;
    services_ = std::make_unique<pipeline::Services>(pipeline::Services{
        recorder_->log(), metrics_, *store_, *ledger_, strict, current_->fixed.serve_on_failure, &flights_});
    return {};
}

Result<void> Gateway::start_api() {
    cache_ = std::make_unique<cache::Backend>(current_->fixed.cache, clock_);
    const std::size_t threads = current_->fixed.threads > 0 ? current_->fixed.threads : async::usable_cpus();
    std::vector<async::IoThread*> io_threads;
    std::vector<pipeline::ThreadState*> states;
    for (std::size_t i = 0; i < threads; ++i) {
        workers_.push_back(std::make_unique<Worker>(i, clock_, *services_, *cache_, current_->features));
        io_threads.push_back(&workers_.back()->io);
        states.push_back(&workers_.back()->state);
    }
    api_ = std::make_unique<pipeline::Api>(std::move(states), [this] { return readiness(); });
    auto server = http::Server::listen(current_->listener, std::move(io_threads), *api_);
    if (!server)
        return server.error();
    api_server_ = std::move(*server);
    for (const auto& worker : workers_) worker->io.start();
    return {};
}

Result<void> Gateway::start_admin() {
    http::ListenerOptions listener;
    listener.address = current_->fixed.admin;
    listener.limits.body = kAdminBody;
    auto server = admin::Server::start(std::move(listener), current_->admin, admin_services(), clock_);
    if (!server)
        return server.error();
    admin_server_ = std::move(*server);
    return {};
}

void Gateway::watch(const config::Loaded& loaded) {
    watcher_->watch(loaded.files, loaded.patterns);
}

std::vector<std::string> Gateway::needs_restart(const config::Snapshot& next) const {
    std::vector<std::string> keys;
    const config::Fixed& before = current_->fixed;
    if (next.fixed.listen != before.listen)
        keys.emplace_back("server.listen");
    if (next.fixed.admin != before.admin)
        keys.emplace_back("server.admin");
    if (next.fixed.threads != before.threads)
        keys.emplace_back("server.threads");
    if (next.fixed.store_url != before.store_url || next.fixed.serve_on_failure != before.serve_on_failure)
        keys.emplace_back("store");
    if (next.fixed.cache != before.cache)
        keys.emplace_back("cache");
    if (next.listener.tls.has_value() != current_->listener.tls.has_value())
        keys.emplace_back("server.tls");
    if (next.recorder.log.directory != current_->recorder.log.directory)
        keys.emplace_back("records.directory");
    if (next.recorder.log.content != current_->recorder.log.content)
        keys.emplace_back("records.content");
    if (next.recorder.log.keep != current_->recorder.log.keep)
        keys.emplace_back("records.keep");
    if (next.recorder.log.keep_bytes != current_->recorder.log.keep_bytes)
        keys.emplace_back("records.keep_bytes");
    if (next.recorder.log.durability != current_->recorder.log.durability)
        keys.emplace_back("events.durability");
    if (next.recorder.json_lines != current_->recorder.json_lines ||
        next.recorder.kafka != current_->recorder.kafka)
        keys.emplace_back("events.sinks");
    return keys;
}

void Gateway::warn_of_moved_users(const config::Snapshot& next, std::vector<std::string>& problems) const {
    for (const auto& [name, feature] : next.features->features) {
        const pipeline::Feature* before = current_->features->find(name);
        if (before == nullptr)
            continue;
        for (const flags::MovedUnits& moved : flags::moved_units(before->flag, feature.flag)) {
            problems.push_back(fmt::format(
                "{}: warning: features.{}{}{}: {:.2f} % of the units change their variant although the new "
                "weights would not need it (another order of weights, or another unit)",
                config_path_, name, moved.rule.empty() ? "" : ", rule ", moved.rule, moved.share * 100));
        }
    }
}

admin::ReloadOutcome Gateway::reload() {
    const std::lock_guard lock(reload_mutex_);
    admin::ReloadOutcome outcome;
    if (draining_) {
        outcome.reloaded = false;
        outcome.problems.emplace_back("the gateway is draining and takes no configuration any more");
        return outcome;
    }
    config::Loaded loaded = load();
    for (const yaml::Problem& problem : loaded.problems.all()) outcome.problems.push_back(problem.text());
    bool restart = false;
    if (loaded.snapshot) {
        for (const std::string& key : needs_restart(*loaded.snapshot)) {
            restart = true;
            outcome.problems.push_back(config_path_ + ": " + key +
                                       " has changed, which needs a restart; nothing was changed");
        }
    }
    outcome.reloaded = loaded.snapshot != nullptr && !restart;
    if (outcome.reloaded)
        warn_of_moved_users(*loaded.snapshot, outcome.problems);
    if (outcome.reloaded)
        publish(std::move(loaded.snapshot));
    metrics_.reloaded(outcome.reloaded, clock_.wall());
    // What was read is watched in either case: the next change may mend it.
    watch(loaded);
    for (const std::string& problem : outcome.problems) log::warn("config", "{}", problem);
    outcome.config_hash = current()->features->config_hash;
    log::info("config", "{} the configuration {}", outcome.reloaded ? "took" : "refused", outcome.config_hash);
    return outcome;
}

void Gateway::publish(std::shared_ptr<const config::Snapshot> snapshot) {
    apply_accounts(*snapshot);
    for (const auto& worker : workers_) {
        worker->io.run_and_wait([&] {
            worker->state.table = snapshot->features;
            worker->client.retire(snapshot->endpoints);
        });
    }
    api_server_->update(snapshot->listener.limits, snapshot->listener.timeouts);
    if (const auto& tls = snapshot->listener.tls) {
        if (auto updated = api_server_->update_tls(*tls); !updated)
            log::error("config", "{}", updated.error().message);
    }
    if (auto updated = admin_server_->update(snapshot->admin); !updated)
        log::error("config", "{}", updated.error().message);
    set_log(*snapshot);
    observe_circuits(*snapshot);
    const std::lock_guard lock(current_mutex_);
    current_ = std::move(snapshot);
}

std::shared_ptr<const config::Snapshot> Gateway::current() const {
    const std::lock_guard lock(current_mutex_);
    return current_;
}

pipeline::Readiness Gateway::readiness() const {
    pipeline::Readiness readiness;
    if (draining_)
        readiness.reasons.emplace_back("draining");
    readiness.ready = !draining_ && pipeline::may_begin(*services_);
    // Also while it serves in spite of them.
    for (const std::string_view trouble : pipeline::storage_troubles(*services_))
        readiness.reasons.emplace_back(trouble);
    return readiness;
}

void Gateway::drain() {
    draining_ = true;
    watcher_->stop();
    drain_shadow();
    const Duration patience = current()->drain;
    const bool clean = api_server_->drain(patience);
    log::info("app", "{}",
              clean ? "every call has ended" : "the calls that were left at the deadline were ended");
    end_shadow();
    recorder_->close(kRecordPatience);
    ledger_->close();
    store_->close();
}

}  // namespace tidegate::app
