// `call list`, `call show`.
#include "cli/client_command.h"
#include "cli/printable.h"
#include "cli/recorded_content.h"
#include "cli/table.h"

#include <tidegate/base/id.h>
#include <tidegate/base/text.h>

#include <ostream>

#include <fmt/format.h>

namespace tidegate::cli {
namespace {

// Without the members that do not stand in the record.
std::string seconds_of(const Json& object, std::string_view member) {
    const Json& value = child_of(object, member);
    return value.is_number_integer() ? seconds_text(value.get<std::int64_t>()) : "";
}

std::string joined(std::initializer_list<std::string> parts, std::string_view separator) {
    std::string out;
    for (const std::string& part : parts) {
        if (part.empty())
            continue;
        if (!out.empty())
            out += separator;
        out += part;
    }
    return out;
}

std::string with(std::string_view before, std::string text, std::string_view after = {}) {
    if (text.empty())
        return "";
    return std::string(before) + std::move(text) + std::string(after);
}

std::string decision_text(const Json& record) {
    const std::string rule = text_of(record, "rule");
    const std::string variant = text_of(record, "variant");
    if (variant.empty())
        return "";
    const bool unassigned = child_of(record, "unassigned") == Json(true);
    return joined(
        {variant + " by " + (rule.empty() ? "the default" : "rule " + rule) +
             with(" (", text_of(record, "reason"), ")"),
         with("bucket ", text_of(record, "bucket"), " of 10000"), unassigned ? "nobody to weigh by" : ""},
        ", ");
}

std::string usage_text(const Json& object) {
    const Json& usage = child_of(object, "usage");
    std::string out;
    for (const std::string_view kind : {"input", "cache_read", "cache_write", "cache_write_1h", "audio_input",
                                        "output", "reasoning", "audio_output"}) {
        const std::int64_t count = integer_of(usage, kind);
        if (count != 0)
            out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, kind);
    }
    if (text_of(object, "usage_kind") == "bounded")
        out += " (bounded: the provider did not say)";
    return out;
}

std::int64_t sum(const Json& object, std::initializer_list<std::string_view> kinds) {
    std::int64_t total = 0;
    for (const std::string_view kind : kinds) total += integer_of(child_of(object, "usage"), kind);
    return total;
}

std::string pairs_text(const Json& object) {
    std::string out;
    if (!object.is_object())
        return out;
    for (const auto& [name, value] : object.items())
        out += (out.empty() ? "" : ", ") + name + "=" + text_of(value);
    return out;
}

std::string caller_text(const Json& record) {
    return joined(
        {text_of(record, "dialect"), text_of(record, "operation"),
         child_of(record, "stream") == Json(true) ? "stream" : "", with("key ", text_of(record, "key"))},
        ", ");
}

// "candidate beside 0192… (stable), disagrees: token_similarity 0.31"; "" for a user's call.
std::string shadow_text(const Json& record) {
    const Json& shadow = child_of(record, "shadow");
    if (!shadow.is_object())
        return "";
    const Json& live = child_of(shadow, "live");
    std::string out = text_of(shadow, "role") + with(" beside ", text_of(live, "call")) +
                      with(" (", text_of(live, "variant"), ")");
    const Json& disagrees = child_of(shadow, "disagrees");
    out += disagrees.is_null() ? ", not compared" : disagrees == Json(true) ? ", disagrees" : ", agrees";
    for (const Json& comparison : child_of(shadow, "comparisons"))
        out += fmt::format(", {} {}", text_of(comparison, "comparator"), text_of(comparison, "similarity"));
    return out;
}

void print_summary(std::ostream& out, const Json& record) {
    Fields fields;
    fields.add("call", text_of(record, "id"));
    fields.add("time", with("", time_text(text_of(record, "time")), " UTC"));
    fields.add("outcome", joined({text_of(record, "outcome"), with("status ", text_of(record, "status")),
                                  text_of(record, "error_code"), text_of(record, "error_message")},
                                 ", "));
    fields.add("asked", caller_text(record));
    fields.add("feature", text_of(record, "feature"));
    fields.add("user", text_of(record, "user"));
    fields.add("conversation", text_of(record, "conversation"));
    fields.add("attributes", pairs_text(child_of(record, "attributes")));
    fields.add("decision", decision_text(record));
    fields.add("shadow", shadow_text(record));
    fields.add(
        "fallback",
        joined({text_of(record, "fallback_entry"), with("reason ", text_of(record, "fallback_reason"))}, ", "));
    fields.add("cache",
               joined({text_of(record, "cache"), with("answer of ", text_of(record, "cached_from"))}, ", "));
    fields.add("prompt", text_of(record, "prompt"));
    fields.add("model",
               text_of(record, "model") + with(" (answered as ", text_of(record, "answered_model"), ")"));
    fields.add("finish", text_of(record, "finish_reason"));
    fields.add("latency", joined({seconds_of(record, "total_us"),
                                  with("first token ", seconds_of(record, "first_token_us")),
                                  with("upstream ", seconds_of(record, "upstream_us")),
                                  with("gateway ", seconds_of(record, "gateway_us"))},
                                 ", "));
    fields.add("tokens", usage_text(record));
    fields.add("cost", dollars_text(integer_of(record, "cost_nano_usd")) + " USD");
    fields.print(out);
}

void print_attempts(std::ostream& out, const Json& record) {
    Table table({{"#", Align::right},
                 {"ENTRY"},
                 {"MODEL"},
                 {"PROMPT"},
                 {"RESULT"},
                 {"STATUS", Align::right},
                 {"TRIES", Align::right},
                 {"LATENCY", Align::right},
                 {"FIRST TOKEN", Align::right},
                 {"IN", Align::right},
                 {"OUT", Align::right},
                 {"COST USD", Align::right},
                 {"ERROR"}});
    for (const Json& attempt : child_of(record, "attempts")) {
        table.add({text_of(attempt, "number"), text_of(attempt, "entry"), text_of(attempt, "model"),
                   text_of(attempt, "prompt"), text_of(attempt, "reason"), text_of(attempt, "status"),
                   text_of(attempt, "tries"), seconds_of(attempt, "latency_us"),
                   seconds_of(attempt, "first_token_us"),
                   std::to_string(
                       sum(attempt, {"input", "cache_read", "cache_write", "cache_write_1h", "audio_input"})),
                   std::to_string(sum(attempt, {"output", "reasoning", "audio_output"})),
                   dollars_text(integer_of(attempt, "cost_nano_usd")), text_of(attempt, "error")});
    }
    if (table.empty())
        return;
    out << "\nattempts\n";
    table.print(out, "  ");
}

// Indented, so that no line of it can be taken for one of ours.
void print_text(std::ostream& out, std::string_view text) {
    const std::string safe = printable(text, Lines::many);
    std::string_view rest = safe;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        out << "    " << line << '\n';
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
}

std::string_view cut_mark(const Json& content) {
    return child_of(content, "truncated") == Json(true) ? " (cut: longer than what is kept)" : "";
}

void print_content(std::ostream& out, const Json& record) {
    const Json& content = child_of(record, "content");
    if (content.is_null()) {
        out << "\nprompt and answer are not shown: they were not kept, or the token has no right `content`\n";
        return;
    }
    const Json& request = child_of(content, "request");
    if (!request.is_null()) {
        out << "\nprompt" << cut_mark(request) << '\n';
        for (const Passage& passage : asked(request)) {
            out << "  " << printable(passage.who) << '\n';
            print_text(out, passage.text);
        }
    }
    const Json& answer = child_of(content, "answer");
    if (!answer.is_null()) {
        out << "\nanswer" << cut_mark(answer) << '\n';
        print_text(out, answered(answer));
    }
    const Json& live = child_of(content, "live_answer");
    if (!live.is_null()) {
        out << "\nlive answer" << cut_mark(live) << '\n';
        print_text(out, answered(live));
    }
}

void print_list(const Client& client, const Json& answer) {
    Table table({{"TIME (UTC)"},
                 {"CALL"},
                 {"FEATURE"},
                 {"VARIANT"},
                 {"USER"},
                 {"OUTCOME"},
                 {"STATUS", Align::right},
                 {"LATENCY", Align::right},
                 {"IN", Align::right},
                 {"OUT", Align::right},
                 {"COST USD", Align::right}});
    for (const Json& call : child_of(answer, "calls")) {
        table.add({time_text(text_of(call, "time")), text_of(call, "id"), text_of(call, "feature"),
                   text_of(call, "variant"), text_of(call, "user"), text_of(call, "outcome"),
                   text_of(call, "status"), seconds_of(call, "total_us"), text_of(call, "input_tokens"),
                   text_of(call, "output_tokens"), dollars_text(integer_of(call, "cost_nano_usd"))});
    }
    if (table.empty()) {
        client.out() << "no calls\n";
        return;
    }
    table.print(client.out());
    const std::string next = text_of(answer, "next");
    if (!next.empty())
        client.out() << "older ones: --before " << printable(next) << '\n';
}

}  // namespace

int call_list_command(const Client& client, const CallListArguments& arguments) {
    Query query;
    for (const auto& [name, value] : {std::pair{"feature", arguments.feature},
                                      {"user", arguments.user},
                                      {"conversation", arguments.conversation},
                                      {"status", arguments.status},
                                      {"before", arguments.before}}) {
        if (!value.empty())
            query.emplace_back(name, value);
    }
    for (const auto& [name, value] : {std::pair{"since", arguments.since}, {"until", arguments.until}}) {
        const Result<> added = add_time(query, client, name, value);
        if (!added)
            return client.fail(kWrongUsage, added.error().message);
    }
    query.emplace_back("limit", std::to_string(arguments.limit));
    if (arguments.shadow)
        query.emplace_back("shadow", "true");
    return client.get("/admin/v1/calls", query, [&](const Json& answer) { print_list(client, answer); });
}

int call_show_command(const Client& client, const std::string& id) {
    const std::optional<CallId> call = CallId::parse(id);
    if (!call)
        return client.fail(kWrongUsage,
                           "the id of a call looks like 0192f0c1-7b3a-7c1e-8f00-0123456789ab, not " + id);
    return client.get("/admin/v1/calls/" + call->to_string(), {}, [&](const Json& record) {
        print_summary(client.out(), record);
        print_attempts(client.out(), record);
        print_content(client.out(), record);
    });
}

}  // namespace tidegate::cli
