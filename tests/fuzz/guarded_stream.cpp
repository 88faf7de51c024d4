// Any bytes as a provider's stream behind guardrails: no crash, the same outcome however they are cut, and what
// is redacted or blocked never reaches the client.
#include "../guardrails/fake_checks.h"
#include "calls/guarded_events.h"

#include <tidegate/dialect/stream_relay.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace {

using namespace tidegate;
using namespace tidegate::calls;
using dialect::Format;
using guardrails::Action;
using nlohmann::json;

constexpr std::string_view kSecret = "secret";

struct Outcome {
    std::string out;
    GuardVerdict verdict = GuardVerdict::ok;
    bool relayed = true;
};

Outcome relay(Format from, Format to, Action action, bool buffer, std::string_view bytes, std::size_t chunk) {
    guardrails::Guardrail guardrail;
    guardrail.name = "word";
    guardrail.text =
        std::make_unique<guardrails::WordCheck>("word", std::vector<std::string>{std::string(kSecret)});
    GuardedEvents events(to, {{&guardrail, action, true}},
                         {.maximum_held = 1U << 20U, .acts = true, .buffer = buffer});
    dialect::StreamRelay stream(from, to, {.call_id = "call1"});
    Outcome outcome;
    while (!bytes.empty() && outcome.relayed) {
        const std::string copy(
            bytes.substr(0, chunk));  // of its own size, so that reading past its end is seen
        bytes.remove_prefix(copy.size());
        std::string relayed;
        outcome.relayed = stream.feed(copy, relayed).has_value();
        events.feed(relayed, outcome.out);
    }
    std::string relayed;
    outcome.relayed = outcome.relayed && stream.end_of_body(relayed).has_value();
    events.feed(relayed, outcome.out);
    if (outcome.relayed)
        events.finish(outcome.out);
    outcome.verdict = events.trips().verdict();
    return outcome;
}

void require(bool condition) {
    if (!condition)
        std::abort();
}

const json& member(const json& object, const char* name) {
    static const json kNothing;
    return object.is_object() && object.contains(name) ? object[name] : kNothing;
}

void collect(std::map<std::string, std::string>& texts, const std::string& block, const json& text) {
    if (text.is_string())
        texts[block] += text.get<std::string>();
}

// What a client puts together, block by block.
void collect_event(Format format, const json& data, std::map<std::string, std::string>& texts) {
    if (format == Format::anthropic) {
        for (const char* part : {"content_block", "delta"}) {
            for (const char* name : {"text", "thinking", "partial_json"})
                collect(texts, member(data, "index").dump() + name, member(member(data, part), name));
        }
        return;
    }
    for (const json& choice : member(data, "choices")) {
        const json& delta = member(choice, "delta");
        const std::string index = member(choice, "index").is_null() ? "0" : member(choice, "index").dump();
        for (const char* name : {"content", "refusal", "reasoning_content", "reasoning"})
            collect(texts, index + name, member(delta, name));
        for (const json& call : member(delta, "tool_calls")) {
            if (member(call, "index").is_number_integer())
                collect(texts, index + "tool" + call["index"].dump(),
                        member(member(call, "function"), "arguments"));
        }
    }
}

void require_clean(Format format, std::string_view out) {
    std::map<std::string, std::string> texts;
    dialect::SseParser parser;
    parser.feed(out);
    for (;;) {
        const auto event = parser.next();
        if (!event || !*event)
            break;
        const json data = json::parse((*event)->data, nullptr, false);
        if (!data.is_discarded())
            collect_event(format, data, texts);
    }
    for (const auto& [block, text] : texts) require(text.find(kSecret) == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2)
        return 0;
    const Format from = (data[0] & 1U) != 0 ? Format::openai : Format::anthropic;
    const Format to = (data[0] & 2U) != 0 ? Format::openai : Format::anthropic;
    const Action action = (data[0] & 4U) != 0 ? Action::block : Action::redact;
    const bool buffer = (data[0] & 8U) != 0;
    const std::size_t chunk = 1 + data[1] % 17;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    const Outcome whole = relay(from, to, action, buffer, bytes, bytes.size() + 1);
    const Outcome parts = relay(from, to, action, buffer, bytes, chunk);
    require(whole.out == parts.out);
    require(whole.verdict == parts.verdict && whole.relayed == parts.relayed);
    require_clean(to, whole.out);
    return 0;
}
