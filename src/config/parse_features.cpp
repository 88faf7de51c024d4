#include "config/parse_features.h"

#include "config/names.h"

#include <tidegate/http/header_lines.h>
#include <tidegate/metrics/metrics.h>

#include <algorithm>
#include <array>

namespace tidegate::config {
namespace {

using pipeline::ChainEntry;
using pipeline::Feature;
using pipeline::FeatureVariant;

constexpr std::array<std::string_view, 3> kReserved{"direct", "cache", "reject"};

bool reserved(const std::string& name) {
    return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

std::string header_lines_of(const std::string& feature, const calls::Variant& variant) {
    std::string lines;
    http::append_header_line(lines, "x-tidegate-feature", feature);
    http::append_header_line(lines, "x-tidegate-variant", variant.name);
    http::append_header_line(lines, "x-tidegate-model", variant.model->name);
    if (!variant.prompt_name.empty())
        http::append_header_line(lines, "x-tidegate-prompt", variant.prompt_name);
    return lines;
}

// Reads one feature.
class FeatureParser {
  public:
    FeatureParser(std::string name, const yaml::Cursor& at, const Models& models,
                  const prompts::Registry& prompts, const Context& context)
        : at_(at), models_(models), prompts_(prompts), context_(context) {
        feature_.name = std::move(name);
    }

    Feature parse() {
        refuse_what_comes_later();
        parse_variants();
        parse_answers();
        parse_chains();
        feature_.operation = at_["operation"].choice<dialect::Operation>(
            {{"chat", dialect::Operation::chat}, {"embeddings", dialect::Operation::embeddings}},
            guess_operation());
        feature_.client_system = at_["client_system"].choice<pipeline::ClientSystem>(
            {{"append", pipeline::ClientSystem::append}, {"forbid", pipeline::ClientSystem::forbid}},
            pipeline::ClientSystem::append);
        parse_timeouts(at_["timeout"]);
        feature_.flag = flags::parse_flag(at_, feature_.name, written_);
        feature_.unassigned = &context_.metrics.cohort_unassigned(feature_.name);
        at_.finish();
        check_embeddings();
        return std::move(feature_);
    }

  private:
    void refuse_what_comes_later() const {
        at_.later("budget", "budgets come with the next release; until then a feature is metered, not limited");
        at_.later("cache", "comes with the next release");
        at_.later("shadow", "comes with the next release");
        at_.later("low_confidence", "comes with guardrails in the next release");
        at_.later("canary", "comes with canaries");
        at_.later("changes", "comes with overrides");
        at_.later("evaluation", "comes with evaluation");
    }

    void parse_variants() {
        const yaml::Cursor variants = at_["variants"];
        variants.required();
        if (variants.is_map() && variants.size() == 0)
            variants.problem("needs at least one variant");
        variants.each_entry([&](const std::string& name, const yaml::Cursor& at) {
            check_entry_name(at, name);
            written_.push_back(name);
            auto variant = parse_variant(name, at);
            if (!variant)
                return;
            FeatureVariant entry;
            entry.header_lines = header_lines_of(feature_.name, *variant);
            entry.series = &context_.metrics.request_series(feature_.name, name, variant->model->name,
                                                            variant->model->provider->name);
            entry.variant = std::move(*variant);
            feature_.variants.push_back(std::move(entry));
        });
    }

    static void check_entry_name(const yaml::Cursor& at, const std::string& name) {
        check_name(at, name);
        if (reserved(name))
            at.problem("is a reserved name");
    }

    std::optional<calls::Variant> parse_variant(const std::string& name, const yaml::Cursor& at) const {
        calls::Variant variant;
        variant.name = name;
        const std::string model_name = at["model"].text();
        const auto model = models_.find(model_name);
        if (const auto prompt = at["prompt"].optional_text()) {
            variant.prompt = prompts_.find(*prompt);
            if (variant.prompt == nullptr)
                refuse_reference(at["prompt"], "prompt version", *prompt, names_of(prompts_.all()));
            variant.prompt_name = *prompt;
            if (variant.prompt != nullptr)
                variant.prompt_hash = variant.prompt->hash();
        }
        variant.max_output_tokens = at["max_output_tokens"].optional_integer(1, 1'000'000'000);
        variant.temperature = at["temperature"].optional_number(0, 2);
        variant.top_p = at["top_p"].optional_number(0, 1);
        variant.seed = at["seed"].optional_integer(INT64_MIN, INT64_MAX);
        variant.stop = at["stop"].text_list();
        variant.reasoning_effort = at["reasoning_effort"].text(std::string());
        at.later("guardrails", "come with the next release");
        at["fallback"].present();
        at.finish();
        if (model == models_.end() && !model_name.empty())
            refuse_reference(at["model"], "model", model_name, names_of(models_));
        if (model == models_.end() || model->second == nullptr)
            return std::nullopt;
        variant.model = model->second;
        if (variant.max_output_tokens && *variant.max_output_tokens > variant.model->max_output) {
            at["max_output_tokens"].warning("is more than the model's max_output, which will hold");
        }
        return variant;
    }

    void parse_answers() {
        at_["answers"].each_entry([&](const std::string& name, const yaml::Cursor& at) {
            check_entry_name(at, name);
            if (is_written(name))
                at.problem("is the name of a variant already");
            ChainEntry entry;
            entry.name = name;
            at.later("http", "answers by HTTP come with the next release");
            at.later("timeout", "answers by HTTP come with the next release");
            const int kinds = static_cast<int>(at.has("text")) + static_cast<int>(at.has("json")) +
                              static_cast<int>(at.has("first_sentences"));
            if (kinds != 1 && !at.has("http"))
                at.problem("must have exactly one of text, json and first_sentences");
            if (const auto text = at["text"].optional_text())
                entry.answer = pipeline::TextAnswer{*text};
            if (at["json"])
                entry.answer = pipeline::JsonAnswer{at["json"].json(yaml::Secrets::shown)};
            if (const auto count = at["first_sentences"].optional_integer(1, 100))
                entry.answer = pipeline::FirstSentences{static_cast<int>(*count)};
            at.finish();
            answers_[name] = std::move(entry);
        });
    }

    std::optional<std::size_t> index_of(const std::string& variant) const {
        for (std::size_t i = 0; i < feature_.variants.size(); ++i) {
            if (feature_.variants[i].variant.name == variant)
                return i;
        }
        return std::nullopt;
    }

    // Also those that could not be made.
    bool is_written(const std::string& variant) const {
        return std::find(written_.begin(), written_.end(), variant) != written_.end();
    }

    void parse_chains() {
        for (std::size_t i = 0; i < feature_.variants.size(); ++i) {
            const std::string& name = feature_.variants[i].variant.name;
            std::vector<ChainEntry> chain{ChainEntry{name, i, {}}};
            at_["variants"][name]["fallback"].each_item([&](const yaml::Cursor& item) {
                const std::string target = item.text();
                const bool repeated = std::any_of(
                    chain.begin(), chain.end(), [&](const ChainEntry& entry) { return entry.name == target; });
                if (repeated) {
                    item.problem("stands in this chain already");
                } else if (const auto variant = index_of(target)) {
                    chain.push_back(ChainEntry{target, variant, {}});
                } else if (const auto answer = answers_.find(target); answer != answers_.end()) {
                    chain.push_back(answer->second);
                } else if (!target.empty() && !is_written(target)) {
                    std::vector<std::string_view> known = names_of(answers_);
                    known.insert(known.end(), written_.begin(), written_.end());
                    refuse_reference(item, "variant or answer", target, known);
                }
            });
            feature_.chains.push_back(std::move(chain));
        }
    }

    // A model that can only embed has no output to speak of.
    dialect::Operation guess_operation() const {
        const bool embeds =
            !feature_.variants.empty() &&
            std::all_of(feature_.variants.begin(), feature_.variants.end(),
                        [](const FeatureVariant& entry) { return entry.variant.model->max_output == 1; });
        return embeds ? dialect::Operation::embeddings : dialect::Operation::chat;
    }

    // Vectors of two models have nothing to do with one another.
    void check_embeddings() const {
        if (feature_.operation != dialect::Operation::embeddings)
            return;
        for (const FeatureVariant& entry : feature_.variants) {
            if (!entry.variant.prompt_name.empty())
                at_["variants"].problem("an embedding feature takes no prompt");
        }
        for (std::size_t i = 0; i < feature_.chains.size(); ++i) {
            for (const ChainEntry& entry : feature_.chains[i]) {
                const bool same = entry.variant && feature_.variants[*entry.variant].variant.model ==
                                                       feature_.variants[i].variant.model;
                if (!same)
                    at_["variants"].problem(
                        "an embedding feature takes no fallback to another model or to a text");
            }
        }
        const auto fixed = [](const flags::Serve& serve) { return serve.is_fixed(); };
        const bool weighted = !fixed(feature_.flag.serve) ||
                              std::any_of(feature_.flag.rules.begin(), feature_.flag.rules.end(),
                                          [&](const flags::Rule& rule) { return !fixed(rule.serve); });
        if (weighted)
            at_["serve"].problem("an embedding feature takes no weights: vectors of two models do not mix");
    }

    void parse_timeouts(const yaml::Cursor& at) {
        feature_.total = at["total"].duration(feature_.total);
        feature_.attempt = at["attempt"].optional_duration();
        feature_.first_token = at["first_token"].optional_duration();
        at.finish();
        if (feature_.attempt && *feature_.attempt > feature_.total)
            at["attempt"].problem("is longer than total");
    }

    const yaml::Cursor& at_;
    const Models& models_;
    const prompts::Registry& prompts_;
    const Context& context_;
    Feature feature_;
    std::vector<std::string> written_;  // the variants' names, also of those that could not be made
    std::map<std::string, ChainEntry> answers_;
};

}  // namespace

void parse_features(const yaml::Cursor& features, const Models& models,
                    const std::shared_ptr<const prompts::Registry>& prompts, const Context& context,
                    pipeline::FeatureTable& table) {
    features.each_entry([&](const std::string& name, const yaml::Cursor& at) {
        if (name == "direct") {
            at.problem("`direct` is for callers with an access key, which come with the next release");
            return;
        }
        check_name(at, name);
        if (reserved(name))
            at.problem("is a reserved name");
        if (models.contains(name))
            at.problem("is the name of a model already; features and models have different names");
        FeatureParser parser(name, at, models, *prompts, context);
        table.features.emplace(name, parser.parse());
    });
    table.models = models;
}

}  // namespace tidegate::config
