#include "guardrails/kinds.h"

#include <tidegate/guardrails/parse.h>
#include <tidegate/yaml/nearest.h>

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tidegate::guardrails {
namespace {

const Kind* parse_kind(const yaml::Cursor& at) {
    const std::string name = at.text();
    if (name.empty())
        return nullptr;
    std::vector<std::string_view> known;
    for (const Kind& kind : kinds()) {
        if (kind.name == name)
            return &kind;
        known.push_back(kind.name);
    }
    const auto meant = yaml::nearest(name, known);
    at.problem(fmt::format("there is no kind \"{}\"; {}", name,
                           meant ? fmt::format("did you mean \"{}\"?", *meant)
                                 : fmt::format("there are {}", fmt::join(known, ", "))));
    return nullptr;
}

Action parse_action(const yaml::Cursor& at, const Kind& kind) {
    const Action action = at.choice<Action>({{"redact", Action::redact},
                                             {"block", Action::block},
                                             {"fallback", Action::fallback},
                                             {"record", Action::record}},
                                            Action::off);
    if (action == Action::redact && kind.whole_text) {
        at.problem(fmt::format(
            "`{}` judges whole texts and cannot redact; write `block`, `fallback` or `record`", kind.name));
    }
    return action;
}

void parse_actions(const yaml::Cursor& at, const Kind& kind, Guardrail& guardrail) {
    guardrail.input = parse_action(at["input"], kind);
    guardrail.output = parse_action(at["output"], kind);
    if (!at.has("input") && !at.has("output"))
        at.problem("does nothing: give `input`, `output` or both an action");
    if (!kind.remote)
        return;
    guardrail.on_failure = at["on_failure"].choice<Action>(
        {{"block", Action::block}, {"fallback", Action::fallback}, {"allow", Action::record}}, Action::block);
}

void parse_stream(const yaml::Cursor& at, const Kind& kind, Guardrail& guardrail) {
    const yaml::Cursor stream = at["stream"];
    const bool made = guardrail.text || guardrail.remote;
    const bool bounded = guardrail.text && guardrail.text->longest_match();
    guardrail.stream = stream.choice<StreamMode>(
        {{"hold", StreamMode::hold}, {"buffer", StreamMode::buffer}, {"observe", StreamMode::observe}},
        bounded ? StreamMode::hold : StreamMode::buffer);
    if (stream && !at.has("output"))
        stream.problem("says how outputs are checked: give `output` an action as well");
    if (guardrail.stream != StreamMode::hold || bounded || !made)
        return;
    if (kind.whole_text) {
        stream.problem(
            fmt::format("`{}` judges whole texts; write `buffer`, or `observe` to record only", kind.name));
    } else {
        stream.problem(
            "a pattern has no longest match (`*`, `+`, `{n,}`): bound it, as in `{1,80}`, or write `buffer`");
    }
}

std::shared_ptr<const Guardrail> parse_guardrail(const std::string& name, const yaml::Cursor& at,
                                                 const ParseContext& context,
                                                 std::vector<upstream::EndpointKey>& endpoints) {
    const Kind* kind = parse_kind(at["kind"]);
    if (kind == nullptr)
        return nullptr;
    auto guardrail = std::make_shared<Guardrail>();
    guardrail->name = name;
    guardrail->kind = kind->name;
    // What bounds an answer, or gives it a shape, says nothing of its reasoning or of arguments.
    guardrail->text_only = kind->whole_text && !kind->remote;
    parse_actions(at, *kind, *guardrail);
    kind->make(at, {context, *guardrail, endpoints});
    parse_stream(at, *kind, *guardrail);
    at.finish();
    if (!guardrail->text && !guardrail->remote)
        return nullptr;
    return guardrail;
}

}  // namespace

Guardrails parse_guardrails(const yaml::Cursor& at, const ParseContext& context) {
    Guardrails guardrails;
    at.each_entry([&](const std::string& name, const yaml::Cursor& value) {
        guardrails.by_name[name] = parse_guardrail(name, value, context, guardrails.endpoints);
    });
    return guardrails;
}

}  // namespace tidegate::guardrails
