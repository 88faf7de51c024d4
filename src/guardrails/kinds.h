// The kinds of guardrails: their names, and who reads their options.
#pragma once

#include <tidegate/guardrails/guardrail.h>
#include <tidegate/guardrails/parse.h>

#include <span>
#include <string_view>
#include <vector>

namespace tidegate::guardrails {

// What the options of one guardrail become. Its name, actions and `on_failure` are there already.
struct Making {
    const ParseContext& context;
    Guardrail& guardrail;
    std::vector<upstream::EndpointKey>& endpoints;
};

struct Kind {
    std::string_view name;
    bool whole_text;  // cannot say where in the text, and knows nothing before its end
    bool remote;      // takes `on_failure`
    // Sets `text` or `remote` of the guardrail, or reports why not.
    void (*make)(const yaml::Cursor& at, Making making);
};

std::span<const Kind> kinds();

void make_pii(const yaml::Cursor& at, Making making);
void make_forbidden(const yaml::Cursor& at, Making making);
void make_length(const yaml::Cursor& at, Making making);
void make_json_schema(const yaml::Cursor& at, Making making);
void make_secrets(const yaml::Cursor& at, Making making);
void make_prompt_injection(const yaml::Cursor& at, Making making);
void make_http(const yaml::Cursor& at, Making making);
void make_judge(const yaml::Cursor& at, Making making);

// The list at `at` of some of the `known` categories, in the order of `known`; all of them if it is absent.
// Reports unknown ones and an empty list.
std::vector<std::string_view> parse_categories(const yaml::Cursor& at,
                                               const std::vector<std::string_view>& known);

}  // namespace tidegate::guardrails
