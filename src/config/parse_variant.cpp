#include "config/parse_variant.h"

#include "config/names.h"

#include <algorithm>

namespace tidegate::config {
namespace {

void parse_prompt(const yaml::Cursor& at, const prompts::Registry& prompts, calls::Variant& variant) {
    const auto prompt = at.optional_text();
    if (!prompt)
        return;
    variant.prompt_name = *prompt;
    variant.prompt = prompts.find(*prompt);
    if (variant.prompt == nullptr) {
        refuse_reference(at, "prompt version", *prompt, names_of(prompts.all()));
        return;
    }
    variant.prompt_hash = variant.prompt->hash();
}

}  // namespace

std::vector<std::shared_ptr<const guardrails::Guardrail>> parse_guardrail_names(
    const yaml::Cursor& at, const guardrails::Guardrails& guardrails) {
    std::vector<std::shared_ptr<const guardrails::Guardrail>> named;
    at.each_item([&](const yaml::Cursor& item) {
        const std::string name = item.text();
        const auto found = guardrails.by_name.find(name);
        if (found == guardrails.by_name.end()) {
            if (!name.empty())
                refuse_reference(item, "guardrail", name, names_of(guardrails.by_name));
        } else if (std::find(named.begin(), named.end(), found->second) != named.end()) {
            item.problem("stands in this list already");
        } else if (found->second != nullptr) {
            named.push_back(found->second);
        }
    });
    return named;
}

std::optional<calls::Variant> parse_variant(const std::string& name, const yaml::Cursor& at,
                                            const VariantReferences& references) {
    const Models& models = references.models;
    calls::Variant variant;
    variant.name = name;
    const std::string model_name = at["model"].text();
    const auto model = models.find(model_name);
    parse_prompt(at["prompt"], references.prompts, variant);
    variant.max_output_tokens = at["max_output_tokens"].optional_integer(1, 1'000'000'000);
    variant.temperature = at["temperature"].optional_number(0, 2);
    variant.top_p = at["top_p"].optional_number(0, 1);
    variant.seed = at["seed"].optional_integer(INT64_MIN, INT64_MAX);
    variant.stop = at["stop"].text_list();
    variant.reasoning_effort = at["reasoning_effort"].text(std::string());
    variant.guardrails = parse_guardrail_names(at["guardrails"], references.guardrails);
    at["fallback"].present();
    at.finish();
    if (model == models.end() && !model_name.empty())
        refuse_reference(at["model"], "model", model_name, names_of(models));
    if (model == models.end() || model->second == nullptr)
        return std::nullopt;
    variant.model = model->second;
    if (variant.max_output_tokens && *variant.max_output_tokens > variant.model->max_output)
        at["max_output_tokens"].warning("is more than the model's max_output, which will hold");
    return variant;
}

}  // namespace tidegate::config
