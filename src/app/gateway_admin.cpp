// What the admin port shows of the gateway.
#include "app/gateway.h"
#include "app/version.h"

#include <tidegate/base/text.h>
#include <tidegate/events/query.h>
#include <tidegate/flags/decide.h>

#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace tidegate::app {
namespace {

std::string serve_json(const flags::Serve& serve) {
    std::string json = "{";
    for (const flags::Serve::Share& share : serve.shares()) {
        if (json.size() > 1)
            json += ',';
        append_json_string(json, share.variant);
        json += fmt::format(":{}.{:02}", share.weight / 100, share.weight % 100);
    }
    return json + "}";
}

std::string variant_json(const pipeline::FeatureVariant& entry,
                         const std::vector<pipeline::ChainEntry>& chain) {
    const calls::Variant& variant = entry.variant;
    std::string json =
        "{\"name\":" + json_string(variant.name) + ",\"model\":" + json_string(variant.model->name) +
        ",\"provider\":" + json_string(variant.model->provider->name) +
        ",\"prompt\":" + (variant.prompt_name.empty() ? "null" : json_string(variant.prompt_name)) +
        ",\"fallback\":[";
    for (std::size_t i = 1; i < chain.size(); ++i) {
        if (i > 1)
            json += ',';
        append_json_string(json, chain[i].name);
    }
    return json + "]}";
}

std::string_view unit_of(const flags::CohortBy& cohort_by) {
    switch (cohort_by.kind) {
        case flags::CohortBy::Kind::user:
            return "user";
        case flags::CohortBy::Kind::conversation:
            return "conversation";
        case flags::CohortBy::Kind::attribute:
            return cohort_by.attribute;
    }
    return "user";
}

std::string feature_json(const pipeline::Feature& feature) {
    std::string json = "{\"name\":" + json_string(feature.name) +
                       ",\"operation\":" + json_string(dialect::to_string(feature.operation)) +
                       ",\"cohort_by\":" + json_string(unit_of(feature.flag.cohort_by)) + ",\"variants\":[";
    for (std::size_t i = 0; i < feature.variants.size(); ++i) {
        if (i > 0)
            json += ',';
        json += variant_json(feature.variants[i], feature.chains[i]);
    }
    json += "],\"serve\":" + serve_json(feature.flag.serve) + ",\"targeting\":[";
    for (std::size_t i = 0; i < feature.flag.rules.size(); ++i) {
        const flags::Rule& rule = feature.flag.rules[i];
        if (i > 0)
            json += ',';
        json += "{\"name\":" + json_string(rule.name) + ",\"serve\":" + serve_json(rule.serve) + ",\"when\":[";
        for (std::size_t k = 0; k < rule.when.size(); ++k) {
            if (k > 0)
                json += ',';
            append_json_string(json, rule.when[k].attribute + " " + rule.when[k].text());
        }
        json += "]}";
    }
    return json + "]}";
}

// What is kept where, and why not: `"log":{…},"store":{…},"sinks":{…}`.
std::string storage_members(events::Recorder& recorder, const store::Store& store) {
    const events::LogStats log = recorder.log().stats();
    std::string json = fmt::format(
        R"json("log":{{"queued":{},"appended":{},"synced":{},"lost":{},"bytes":{},"failed":{},"failure":{}}},)json"
        R"json("store":{{"failure":{}}},"sinks":{{)json",
        log.queued, log.appended, log.synced, log.lost, log.bytes, log.failed, json_string(log.failure),
        json_string(store.failure()));
    std::string_view comma;
    for (const events::SinkStats& sink : recorder.sinks()) {
        fmt::format_to(std::back_inserter(json),
                       R"json({}{}:{{"published":{},"lag_seconds":{:.3f},"failure":{}}})json",
                       std::exchange(comma, ","), json_string(sink.name), sink.published,
                       std::chrono::duration<double>(sink.lag).count(), json_string(sink.failure));
    }
    return json + "}";
}

}  // namespace

admin::Services Gateway::admin_services() {
    admin::Services services;
    services.metrics_text = [this] { return metrics_.expose(); };
    services.config_json = [this] { return current()->json; };
    services.features = [this] { return features(); };
    services.explain_json = [this](const admin::ExplainQuestion& question) { return explain(question); };
    services.status_json = [this] { return status_json(); };
    services.readiness = [this] {
        const pipeline::Readiness now = readiness();
        return admin::Readiness{now.ready, now.reasons};
    };
    services.call = [this](CallId id, bool with_content) -> Result<admin::CallAnswer> {
        auto record = recorder_->query().find(id);
        if (!record)
            return record.error();
        auto decoded = events::decode(record->head);
        if (!decoded)
            return decoded.error();
        return admin::CallAnswer{decoded->feature, with_content ? record->json() : std::string(record->head)};
    };
    services.calls = [this](const events::IndexFilter& filter) -> Result<std::vector<admin::CallLine>> {
        auto rows = recorder_->query().list(filter);
        if (!rows)
            return rows.error();
        std::vector<admin::CallLine> lines;
        for (const events::IndexRow& row : *rows) lines.push_back({row.id, events::render(row)});
        return lines;
    };
    services.shadow_json = [this](const std::string& feature, std::optional<WallTime> since) {
        return shadow_report(feature, since);
    };
    services.reload = [this] { return reload(); };
    return services;
}

std::vector<admin::FeatureEntry> Gateway::features() const {
    std::vector<admin::FeatureEntry> entries;
    const auto snapshot = current();
    for (const auto& [name, feature] : snapshot->features->features)
        entries.push_back({name, feature_json(feature)});
    return entries;
}

Result<std::string> Gateway::explain(const admin::ExplainQuestion& question) const {
    const auto snapshot = current();
    const pipeline::Feature* feature = snapshot->features->find(question.feature);
    if (feature == nullptr)
        return Error{ErrorKind::not_found, ErrorSource::client, "there is no feature of that name"};
    flags::Attributes attributes;
    for (const auto& [name, value] : question.attributes) attributes.set(name, value);
    flags::Context context;
    if (question.user)
        context.user = *question.user;
    if (question.conversation)
        context.conversation = *question.conversation;
    context.attributes = &attributes;
    return flags::explain(feature->flag, context).json();
}

std::string Gateway::status_json() {
    std::size_t tasks = 0;
    std::size_t timers = 0;
    upstream::ClientStats upstream;
    for (const auto& worker : workers_) {
        worker->io.run_and_wait([&] {
            tasks += worker->io.tasks().size();
            timers += worker->io.wheel().armed();
            const upstream::ClientStats stats = worker->client.stats();
            upstream.open += stats.open;
            upstream.idle += stats.idle;
            upstream.in_flight += stats.in_flight;
            upstream.connects += stats.connects;
            upstream.reuses += stats.reuses;
        });
    }
    const http::Statistics api = api_server_->statistics();
    return fmt::format(
        R"json({{"version":"{} ({})","config_hash":"{}","io":{{"threads":{},"tasks":{},"armed_timers":{},"connections":{},"in_flight":{},"requests":{}}},)json"
        R"json("upstream":{{"open":{},"idle":{},"in_flight":{},"connects":{},"reuses":{}}},)json"
        R"json({},"index_lag_seconds":{:.3f}}})json",
        kVersion, kRevision, current()->features->config_hash, workers_.size(), tasks, timers, api.open(),
        api.in_flight, api.requests, upstream.open, upstream.idle, upstream.in_flight, upstream.connects,
        upstream.reuses, storage_members(*recorder_, *store_),
        std::chrono::duration<double>(recorder_->index_lag()).count());
}

}  // namespace tidegate::app
