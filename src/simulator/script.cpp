#include "simulator/script.h"

#include <algorithm>
#include <optional>

namespace tidegate::simulator {
namespace {

constexpr std::string_view kGarbage = "<html><body>[simulator] this is no JSON</body></html>";
constexpr std::string_view kErrorText = "[simulator] The server had an error while processing your request.";

bool breaks_body(Fault fault) {
    return fault == Fault::stall || fault == Fault::reset || fault == Fault::truncate || fault == Fault::cut ||
           fault == Fault::garbage || fault == Fault::error;
}

Ending ending_of(Fault fault) {
    switch (fault) {
        case Fault::hang:
        case Fault::stall:
            return Ending::hang;
        case Fault::drop:
        case Fault::reset:
            return Ending::reset;
        case Fault::truncate:
            return Ending::close;
        default:
            return Ending::complete;
    }
}

void set_body(Script& script, std::string body) {
    script.length = body.size();
    script.steps = {{.bytes = std::move(body)}};
}

// How many events go out before the fault: up to `after` tokens, and nothing that closes the stream.
std::size_t kept_events(const std::vector<Event>& events, int after) {
    std::size_t last_token = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
        if (events[i].tokens > 0)
            last_token = i + 1;
    }
    int tokens = 0;
    std::size_t kept = 0;
    while (kept < last_token && tokens + events[kept].tokens <= after) tokens += events[kept++].tokens;
    return kept;
}

// At most `slice` bytes a step; the wait stays before the first.
void add_step(Script& script, Step step, int slice) {
    const auto size = slice > 0 ? static_cast<std::size_t>(slice) : step.bytes.size();
    for (std::size_t begin = 0; begin < step.bytes.size(); begin += size) {
        script.steps.push_back(
            {.wait = begin == 0 ? step.wait : Duration::zero(), .bytes = step.bytes.substr(begin, size)});
    }
}

void stream_steps(Script& script, std::vector<Event> events, const Wire& wire, const Behaviour& behaviour) {
    if (breaks_body(behaviour.fault))
        events.resize(kept_events(events, behaviour.after));
    if (behaviour.fault == Fault::garbage)
        events.push_back({.bytes = "data: {\"id\": \"[simulator] broken\n\n"});
    if (behaviour.fault == Fault::error)
        events.push_back({.bytes = wire.error_event(kErrorText)});
    const bool paced = behaviour.tokens_per_second > 0;
    const auto token = paced ? std::chrono::duration_cast<Duration>(
                                   std::chrono::duration<double>(1 / behaviour.tokens_per_second))
                             : Duration::zero();
    bool first = true;
    for (Event& event : events) {
        Step step{.wait = token * event.tokens, .bytes = std::move(event.bytes)};
        if (event.tokens > 0 && first) {
            step.wait += behaviour.first_token;
            first = false;
        }
        add_step(script, std::move(step), behaviour.slice);
    }
}

// A whole answer of `tokens` takes the time that its stream would have taken.
void body_steps(Script& script, std::string body, int tokens, const Behaviour& behaviour) {
    if (behaviour.fault == Fault::garbage)
        body = kGarbage;
    script.length = body.size();
    if (ending_of(behaviour.fault) != Ending::complete || behaviour.fault == Fault::cut) {
        const std::size_t part = body.size() * static_cast<std::size_t>(behaviour.after) /
                                 static_cast<std::size_t>(std::max(1, tokens));
        body.resize(std::clamp<std::size_t>(part, 1, body.size() - 1));
        if (behaviour.fault == Fault::cut)
            script.length = body.size();
    }
    Duration wait = behaviour.first_token;
    if (behaviour.tokens_per_second > 0) {
        wait += std::chrono::duration_cast<Duration>(
            std::chrono::duration<double>(tokens / behaviour.tokens_per_second));
    }
    add_step(script, {.wait = wait, .bytes = std::move(body)}, behaviour.slice);
}

void add_headers(Script& script, Dialect dialect, std::string_view request_id) {
    const Wire& wire = wire_of(dialect);
    script.headers.emplace_back(wire.request_id_header, request_id);
    if (dialect == Dialect::openai) {
        script.headers.emplace_back("openai-version", "2020-10-01");
        script.headers.emplace_back("x-ratelimit-limit-requests", "10000");
        script.headers.emplace_back("x-ratelimit-remaining-requests", "9999");
        script.headers.emplace_back("x-ratelimit-reset-requests", "6ms");
    } else {
        script.headers.emplace_back("anthropic-ratelimit-requests-limit", "4000");
        script.headers.emplace_back("anthropic-ratelimit-requests-remaining", "3999");
    }
}

void set_type(Script& script) {
    script.headers.emplace_back("content-type",
                                script.stream ? "text/event-stream; charset=utf-8" : "application/json");
}

// What is an error answer whatever was asked.
std::optional<Script> refused(Dialect dialect, bool stream, const Behaviour& behaviour,
                              std::string_view request_id) {
    const Fault fault = behaviour.fault;
    if (fault == Fault::status) {
        Script script = error_script(dialect, behaviour.status, kErrorText, request_id);
        if (behaviour.retry_after)
            script.headers.emplace_back("retry-after", *behaviour.retry_after);
        return script;
    }
    if (fault == Fault::error_not_a_stream || (fault == Fault::error && !stream)) {
        Script script = error_script(dialect, 500, kErrorText, request_id);
        script.status = 200;
        return script;
    }
    return std::nullopt;
}

void finish(Script& script, const Behaviour& behaviour, double quantile) {
    const Fault fault = behaviour.fault;
    script.head = fault != Fault::hang && fault != Fault::drop;
    script.ending = ending_of(fault);
    script.latency = behaviour.latency.at(quantile);
    script.faulty = fault != Fault::none;
}

}  // namespace

Script error_script(Dialect dialect, int status, std::string_view message, std::string_view request_id) {
    Script script;
    script.status = status;
    add_headers(script, dialect, request_id);
    set_type(script);
    set_body(script, wire_of(dialect).error(status, message, request_id));
    return script;
}

Script json_script(std::string body) {
    Script script;
    set_type(script);
    set_body(script, std::move(body));
    return script;
}

Script make_script(const Question& question, const Behaviour& behaviour, std::int64_t created, double quantile,
                   std::string_view request_id) {
    const Wire& wire = wire_of(question.dialect);
    std::optional<Script> error = refused(question.dialect, question.stream, behaviour, request_id);
    Script script = error ? std::move(*error) : Script{};
    if (!error) {
        const Answer answer = make_answer(question, behaviour, created);
        script.stream = question.stream && behaviour.fault != Fault::not_a_stream;
        add_headers(script, question.dialect, request_id);
        set_type(script);
        if (script.stream) {
            stream_steps(script, wire.stream(question, behaviour, answer), wire, behaviour);
        } else {
            body_steps(script, wire.body(question, behaviour, answer), answer.usage.output, behaviour);
        }
    }
    finish(script, behaviour, quantile);
    return script;
}

Script whole_script(Dialect dialect, std::string body, const Behaviour& behaviour, double quantile,
                    std::string_view request_id) {
    std::optional<Script> error = refused(dialect, false, behaviour, request_id);
    Script script = error ? std::move(*error) : Script{};
    if (!error) {
        add_headers(script, dialect, request_id);
        set_type(script);
        body_steps(script, std::move(body), 1, behaviour);
    }
    finish(script, behaviour, quantile);
    return script;
}

}  // namespace tidegate::simulator
