// The routes about features. One that the caller may not see answers exactly as one that does not exist.
#include "admin/route.h"

#include <charconv>

#include <nlohmann/json.hpp>

namespace tidegate::admin {
namespace {

constexpr std::string_view kNoFeature = "There is no feature of that name.";
constexpr std::string_view kAttribute = "attr.";

// A JSON scalar stands for itself, everything else is text.
flags::AttributeValue attribute_value(const std::string& text) {
    const nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
    if (value.is_boolean())
        return value.get<bool>();
    if (value.is_number())
        return value.get<double>();
    if (value.is_string())
        return value.get<std::string>();
    return text;
}

}  // namespace

async::Task<Answer> answer_features(Question& question) {
    std::string body = "{\"features\":[";
    for (const FeatureEntry& feature : question.services.features()) {
        if (!question.caller.sees(feature.name))
            continue;
        if (!body.ends_with('['))
            body += ',';
        body += feature.json;
    }
    co_return json_answer(body + "]}");
}

async::Task<Answer> answer_feature(Question& question) {
    const std::string& name = question.path[0];
    if (!question.caller.sees(name))
        co_return not_found(kNoFeature);
    for (FeatureEntry& feature : question.services.features()) {
        if (feature.name == name)
            co_return json_answer(std::move(feature.json));
    }
    co_return not_found(kNoFeature);
}

async::Task<Answer> answer_explain(Question& question) {
    ExplainQuestion explain{.feature = question.path[0], .user = {}, .conversation = {}, .attributes = {}};
    if (!question.caller.sees(explain.feature))
        co_return not_found(kNoFeature);
    explain.user = question.parameters.get("user");
    explain.conversation = question.parameters.get("conversation");
    for (const auto& [name, value] : question.parameters.all()) {
        if (name.starts_with(kAttribute))
            explain.attributes.emplace_back(name.substr(kAttribute.size()), attribute_value(value));
    }
    const Result<std::string> json = question.services.explain_json(explain);
    if (!json && json.error().kind == ErrorKind::not_found)
        co_return not_found(kNoFeature);
    if (!json)
        co_return error_answer(json.error());
    co_return json_answer(*json);
}

}  // namespace tidegate::admin
