#include "config/parse_models.h"

#include "config/names.h"

#include <tidegate/metrics/metrics.h>
#include <tidegate/upstream/trust_store.h>

#include <algorithm>
#include <array>
#include <set>

namespace tidegate::config {
namespace {

enum class DialectName { openai, anthropic, simulator, later };

DialectName parse_dialect(const yaml::Cursor& at) {
    return at.choice<DialectName>({{"openai", DialectName::openai},
                                   {"anthropic", DialectName::anthropic},
                                   {"simulator", DialectName::simulator}});
}

upstream::Timeouts parse_timeouts(const yaml::Cursor& at) {
    upstream::Timeouts timeouts;
    timeouts.connect = at["connect"].duration(timeouts.connect);
    timeouts.first_token = at["first_token"].duration(timeouts.first_token);
    timeouts.idle = at["idle"].duration(timeouts.idle);
    timeouts.total = at["total"].duration(timeouts.total);
    at.finish();
    return timeouts;
}

// The key goes into the header that the dialect wants; `headers` come on top.
std::vector<std::pair<std::string, std::string>> parse_headers(const yaml::Cursor& provider,
                                                               dialect::Format format) {
    std::vector<std::pair<std::string, std::string>> headers;
    if (const auto key = provider["api_key"].optional_text(); key && !key->empty()) {
        if (format == dialect::Format::anthropic) {
            headers.emplace_back("x-api-key", *key);
        } else {
            headers.emplace_back("authorization", "Bearer " + *key);
        }
    }
    provider["api_key"].hide();
    provider["headers"].each_entry([&](const std::string& name, const yaml::Cursor& value) {
        headers.emplace_back(name, value.text());
        value.hide();  // some authenticate by a header of their own
    });
    return headers;
}

std::shared_ptr<const calls::Provider> parse_provider(const std::string& name, const yaml::Cursor& at,
                                                      const Outbound& outbound,
                                                      const std::shared_ptr<const upstream::TrustStore>& trust,
                                                      const SimulatorAddresses& simulators,
                                                      calls::ProcessLimits& limits) {
    const DialectName dialect = parse_dialect(at["dialect"]);
    auto provider = std::make_shared<calls::Provider>();
    provider->name = name;
    provider->format = dialect == DialectName::anthropic ? dialect::Format::anthropic : dialect::Format::openai;

    upstream::EndpointOptions options;
    options.name = name;
    options.timeouts = parse_timeouts(at["timeouts"]);
    options.concurrent = static_cast<int>(at["concurrent"].integer(0, 1'000'000, 0));
    if (dialect == DialectName::simulator) {
        at["simulator"].present();
        const auto address = simulators.find(name);
        options.base_url =
            "http://" + (address == simulators.end() ? std::string("127.0.0.1:1") : address->second) + "/v1";
        options.allow_private_address = true;
    } else {
        options.base_url = at["base_url"].text();
        options.headers = parse_headers(at, provider->format);
        options.allow_private_address = at["allow_private_address"].boolean(false);
        options.allow_private = outbound.allow_private;
        options.ca_file = outbound.ca_file;
        options.proxy = outbound.proxy;
        options.trust = trust;
    }
    at.finish();
    provider->first_token = options.timeouts.first_token;
    provider->idle = options.timeouts.idle;
    provider->total = options.timeouts.total;
    provider->concurrency = &limits.concurrency.of(name);
    provider->retry_budget = &limits.retry_budget(name);
    if (options.base_url.empty())
        return nullptr;
    auto endpoint = upstream::make_endpoint(std::move(options));
    if (!endpoint) {
        at["base_url"].problem(endpoint.error().message);
        return nullptr;
    }
    provider->endpoint = std::move(*endpoint);
    return provider;
}

dialect::Quirks parse_quirks(const yaml::Cursor& at) {
    dialect::Quirks quirks;
    at.each_item([&](const yaml::Cursor& item) {
        const auto quirk = dialect::parse_quirk(item.text());
        if (quirk) {
            quirks.add(*quirk);
        } else {
            std::vector<std::string_view> known;
            for (std::uint32_t bit = 1; bit <= static_cast<std::uint32_t>(dialect::Quirk::developer_role);
                 bit <<= 1U) {
                known.push_back(dialect::to_string(static_cast<dialect::Quirk>(bit)));
            }
            refuse_reference(item, "quirk", item.text(std::string()), known);
        }
    });
    return quirks;
}

}  // namespace

bool is_alias(dialect::Format format, const std::string& id) {
    if (id == "latest" || id.ends_with("-latest") || id.ends_with(":latest"))
        return true;
    // Names without a date that the provider moves to newer snapshots.
    static const std::set<std::string, std::less<>> kOpenAi{
        "chatgpt", "gpt-3.5-turbo", "gpt-4",      "gpt-4-turbo",  "gpt-4-turbo-preview",
        "gpt-4o",  "gpt-4o-mini",   "gpt-4.1",    "gpt-4.1-mini", "gpt-4.1-nano",
        "gpt-5",   "gpt-5-mini",    "gpt-5-nano", "gpt-5-pro",    "gpt-5.1",
        "o1",      "o1-mini",       "o1-preview", "o1-pro",       "o3",
        "o3-mini", "o3-pro",        "o4-mini"};
    static const std::set<std::string, std::less<>> kAnthropic{
        "claude-3-opus",     "claude-3-sonnet",   "claude-3-haiku",   "claude-3-5-sonnet", "claude-3-5-haiku",
        "claude-3-7-sonnet", "claude-sonnet-4",   "claude-opus-4",    "claude-sonnet-4-0", "claude-opus-4-0",
        "claude-opus-4-1",   "claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-5"};
    return format == dialect::Format::anthropic ? kAnthropic.contains(id) : kOpenAi.contains(id);
}

std::map<std::string, simulator::Options> parse_simulators(const yaml::Cursor& providers) {
    std::map<std::string, simulator::Options> simulators;
    providers.each_entry([&](const std::string& name, const yaml::Cursor& at) {
        if (at["dialect"].optional_text() == "simulator")
            simulators[name] = simulator::parse_options(at["simulator"]);
    });
    return simulators;
}

Providers parse_providers(const yaml::Cursor& providers, const Outbound& outbound,
                          const SimulatorAddresses& simulators, calls::ProcessLimits& limits) {
    auto trust = upstream::TrustStore::load(outbound.ca_file);
    if (!trust)
        providers.problem(trust.error().message);
    Providers parsed;
    providers.each_entry([&](const std::string& name, const yaml::Cursor& at) {
        check_name(at, name);
        parsed[name] = parse_provider(name, at, outbound, trust ? *trust : nullptr, simulators, limits);
    });
    return parsed;
}

Models parse_models(const yaml::Cursor& models, const Providers& providers, const Context& context) {
    Models parsed;
    models.each_entry([&](const std::string& name, const yaml::Cursor& at) {
        check_name(at, name, "/:");
        auto model = std::make_shared<calls::Model>();
        model->name = name;
        parsed[name] = nullptr;
        const std::string provider_name = at["provider"].text();
        const auto provider = providers.find(provider_name);
        if (provider == providers.end()) {
            if (!provider_name.empty())
                refuse_reference(at["provider"], "provider", provider_name, names_of(providers));
        } else {
            model->provider = provider->second;
        }
        model->id = at["id"].text();
        model->context = at["context"].integer(1, 1'000'000'000);
        model->max_output = at["max_output"].integer(1, 1'000'000'000);
        model->quirks = parse_quirks(at["quirks"]);
        const bool unpinned = at["unpinned"].boolean(false);
        if (at["price"]) {
            model->price = ledger::parse_price(at["price"]);
            model->price_hash = ledger::price_table_hash(model->price);
        } else {
            at["price"].problem(
                "is missing: give the model's price, or write `price: unknown` to run it without");
        }
        at.finish();
        if (model->provider && !unpinned && is_alias(model->provider->format, model->id)) {
            at["id"].problem(
                "is an alias that the provider moves to other models; name a dated one, or say `unpinned: "
                "true`");
        }
        if (!model->provider)
            return;
        model->breaker = &context.limits.breakers.of(provider_name, name);
        model->series = &context.metrics.upstream(provider_name, name);
        parsed[name] = std::move(model);
    });
    return parsed;
}

}  // namespace tidegate::config
