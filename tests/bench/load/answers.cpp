#include "answers.h"

#include "marker.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

namespace bench {

namespace {

constexpr std::string_view filler = "the tide comes in and goes out again, ";

std::string http_chunk(const std::string& data) {
    char size[16];
    const auto end = std::to_chars(size, size + sizeof size, data.size(), 16).ptr;
    std::string out(size, end);
    out.append("\r\n").append(data).append("\r\n");
    return out;
}

std::string text_of(std::size_t size) {
    std::string out(marker_size, 'a');
    out.replace(0, marker_begin.size(), marker_begin);
    out.push_back(' ');
    while (out.size() < size) out.append(filler);
    return out;
}

std::string answer_body(const Plan& plan) {
    const std::string text = text_of(plan.size);
    if (plan.anthropic) {
        return R"({"id":"msg_bench","type":"message","role":"assistant","model":"bench-2026-01-01","content":[{"type":"text","text":")" +
               text +
               R"("}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":200,"output_tokens":110}})";
    }
    return R"({"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench-2026-01-01",)"
           R"("choices":[{"index":0,"message":{"role":"assistant","content":")" +
           text +
           R"("},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":200,"completion_tokens":110,"total_tokens":310}})";
}

std::string event(const Plan& plan, std::string_view name, std::string_view data) {
    std::string out;
    if (plan.anthropic)
        out.append("event: ").append(name).append("\n");
    out.append("data: ").append(data).append("\n\n");
    return out;
}

// One of a stream; `delta` and what follows as OpenAI has them.
std::string openai_data(std::string_view choices, std::string_view usage = {}) {
    std::string out =
        R"({"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench-2026-01-01","choices":)";
    out.append(choices).append(usage).append("}");
    return out;
}

std::string chunk_template(const Plan& plan) {
    std::string text(chunk_marker_size, 'a');
    text.replace(0, marker_begin.size(), marker_begin);
    text[marker_size] = '.';
    text[marker_size + 1 + chunk_letters] = '.';
    text.append(" and so on ");
    if (plan.anthropic) {
        return http_chunk(
            event(plan, "content_block_delta",
                  R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":")" + text +
                      R"("}})"));
    }
    return http_chunk(event(plan, "",
                            openai_data(R"([{"index":0,"delta":{"content":")" + text +
                                        R"("},"logprobs":null,"finish_reason":null}])")));
}

// Made once for each kind of answer.
struct Template {
    std::string text;
    std::size_t marker = 0;
};

template <typename Make>
const Template& cached(std::pair<bool, std::size_t> key,
                       std::map<std::pair<bool, std::size_t>, Template>& cache, const Make& make) {
    auto found = cache.find(key);
    if (found == cache.end()) {
        Template made{make(), 0};
        made.marker = made.text.find(marker_begin);
        found = cache.emplace(key, std::move(made)).first;
    }
    return found->second;
}

std::int64_t directive(std::string_view text, std::string_view name, std::int64_t otherwise) {
    const std::size_t at = text.find(name);
    if (at != std::string_view::npos) {
        std::from_chars(text.data() + at + name.size(), text.data() + text.size(), otherwise);
    }
    return otherwise;
}

bool has_true(std::string_view body, std::string_view member) {
    std::size_t at = body.find(member);
    if (at == std::string_view::npos)
        return false;
    at = body.find_first_not_of(": ", at + member.size());
    return at != std::string_view::npos && body.substr(at).starts_with("true");
}

}  // namespace

bool read_plan(std::string_view head, std::string_view body, Plan& plan) {
    const std::size_t at = body.find(marker_begin);
    if (at == std::string_view::npos || body.size() < at + marker_size)
        return false;
    plan = Plan{};
    plan.marker = body.substr(at, marker_size);
    const std::string_view rest = body.substr(at + marker_size);
    const std::string_view directives = rest.substr(0, rest.find(';'));
    plan.latency = directive(directives, " l=", plan.latency);
    plan.interval = directive(directives, " i=", plan.interval);
    plan.chunks = static_cast<std::size_t>(directive(directives, " n=", 20));
    plan.batch = static_cast<std::size_t>(directive(directives, " b=", 1));
    plan.hold = static_cast<std::size_t>(directive(directives, " h=", 0));
    plan.size = static_cast<std::size_t>(directive(directives, " s=", 900));
    plan.anthropic = head.substr(0, head.find('\r')).find("/messages") != std::string_view::npos;
    // A long prompt is not searched: what decides stands before or behind it.
    plan.stream = has_true(body.substr(0, at), "\"stream\"") ||
                  has_true(rest.substr(rest.size() - std::min<std::size_t>(rest.size(), 1000)), "\"stream\"");
    plan.usage = plan.stream && body.find("\"include_usage\"") != std::string_view::npos;
    return true;
}

void append_answer(const Plan& plan, std::string& out) {
    static std::map<std::pair<bool, std::size_t>, Template> cache;
    const Template& made = cached({plan.anthropic, plan.size}, cache, [&plan] {
        const std::string body = answer_body(plan);
        return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body;
    });
    const std::size_t begin = out.size();
    out.append(made.text).replace(begin + made.marker, marker_size, plan.marker);
}

void append_stream_head(const Plan& plan, std::string& out) {
    out.append("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n");
    if (!plan.anthropic)
        return;
    out.append(http_chunk(
        event(
            plan, "message_start",
            R"({"type":"message_start","message":{"id":"msg_bench","type":"message","role":"assistant","model":"bench-2026-01-01",)"
            R"("content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":200,"output_tokens":1}}})") +
        event(plan, "content_block_start",
              R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})")));
}

void append_chunk(const Plan& plan, std::size_t number, std::string& out) {
    static std::map<std::pair<bool, std::size_t>, Template> cache;
    const Template& made = cached({plan.anthropic, 0}, cache, [&plan] { return chunk_template(plan); });
    const std::size_t begin = out.size() + made.marker;
    out.append(made.text).replace(begin, marker_size, plan.marker);
    spell(out.data() + begin + marker_size + 1, number, chunk_letters);
    spell(out.data() + begin + marker_size + 1 + chunk_letters + 1, static_cast<std::uint64_t>(now() / 1000),
          time_letters);
}

void append_stream_end(const Plan& plan, std::string& out) {
    std::string data;
    if (plan.anthropic) {
        data =
            event(plan, "content_block_stop", R"({"type":"content_block_stop","index":0})") +
            event(
                plan, "message_delta",
                R"({"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":110}})") +
            event(plan, "message_stop", R"({"type":"message_stop"})");
    } else {
        data =
            event(plan, "", openai_data(R"([{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}])"));
        if (plan.usage) {
            data += event(
                plan, "",
                openai_data("[]",
                            R"(,"usage":{"prompt_tokens":200,"completion_tokens":110,"total_tokens":310})"));
        }
        data += "data: [DONE]\n\n";
    }
    out.append(http_chunk(data)).append("0\r\n\r\n");
}

}  // namespace bench
