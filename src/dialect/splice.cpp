#include "splice.h"

#include <tidegate/base/text.h>

#include <cmath>
#include <iterator>

#include <fmt/compile.h>

namespace tidegate::dialect::detail {
namespace {

namespace dom = simdjson::dom;

// Joins system texts: the prompt's and the client's are paragraphs of one text.
constexpr std::string_view kBetweenTexts = "\\n\\n";  // as it stands inside a JSON string

void append_key(std::string& out, std::string_view name) {
    out += '"';
    out += name;
    out += "\":";
}

// A JSON string's inside: what append_json_string writes, without its quotes.
void append_inside(std::string& out, std::string_view text) {
    append_json_string(out, text);
    out.pop_back();
}

bool is_system(Role role) {
    return role == Role::system || role == Role::developer;
}

class Splicer {
  public:
    Splicer(const ParsedRequest& request, const RequestEdits& edits, std::string& out)
        : x_request(request),
          x_edits(edits),
          x_out(out),
          x_copy(request.tokens, 0, out),
          x_openai(request.format == Format::openai),
          x_chat(request.operation == Operation::chat) {}

    Result<std::vector<std::string>> run() {
        plan();
        x_out.append(x_request.body, 0, x_request.tokens.offset(0));  // white space in front
        for (const Member& member : x_request.members) write_member(member);
        write_missing();
        x_copy.close(x_request.body.size());
        return std::move(x_dropped);
    }

  private:
    // Which name the limit goes under, and what the prompt brings.
    void plan() {
        if (!x_chat)
            return;
        const bool client_completion = x_request.value(Known::max_completion_tokens) != nullptr;
        const bool client_plain = x_request.value(Known::max_tokens) != nullptr;
        const bool completion =
            x_edits.quirks.has(Quirk::max_completion_tokens) || (client_completion && !client_plain);
        x_limit_name = x_openai && completion ? Known::max_completion_tokens : Known::max_tokens;
        x_limit = x_edits.max_output_tokens ? x_edits.max_output_tokens : x_request.max_output_tokens;
        for (const PromptMessage& message : x_edits.prompt) {
            (is_system(message.role) && !x_openai ? x_system_texts : x_prompt_messages) += 1;
        }
        x_ask_logprobs = x_openai && x_edits.ask_logprobs && !x_edits.quirks.has(Quirk::no_logprobs);
        x_ask_usage = x_openai && x_request.stream && !x_edits.quirks.has(Quirk::no_stream_options);
    }

    void write_member(const Member& member) {
        const JsonItem& at = member.at;
        if (member.known == Known::count)
            return x_copy.keep(at);
        if (member.known != Known::model && refused_by(x_edits.quirks, member.known))
            return drop_named(member);
        switch (member.known) {
            case Known::model:
                return replace_string(member, x_edits.model);
            case Known::tidegate:
                return x_copy.drop(at);
            case Known::metadata:
                return write_metadata(member);
            case Known::messages:
                return x_chat ? write_messages(member) : x_copy.keep(at);
            case Known::system:
                return write_system(member);
            case Known::max_tokens:
            case Known::max_completion_tokens:
                return write_limit(member);
            case Known::temperature:
                return write_override(member, x_edits.temperature);
            case Known::top_p:
                return write_override(member, x_edits.top_p);
            case Known::seed:
                return write_override(member, x_edits.seed);
            case Known::stop:
                return x_openai && x_edits.stop ? x_copy.drop(at) : x_copy.keep(at);
            case Known::stop_sequences:
                return !x_openai && x_edits.stop ? x_copy.drop(at) : x_copy.keep(at);
            case Known::reasoning_effort:
                return x_edits.reasoning_effort.empty() ? x_copy.keep(at) : x_copy.drop(at);
            case Known::thinking:
                return x_edits.drop_reasoning ? drop_named(member) : x_copy.keep(at);
            case Known::logprobs:
                return x_ask_logprobs && !x_request.wants_logprobs ? replace_true(member) : x_copy.keep(at);
            case Known::stream_options:
                return x_ask_usage ? write_stream_options(member) : x_copy.keep(at);
            default:
                return x_copy.keep(at);
        }
    }

    // What the body lacks, behind its own members.
    void write_missing() {
        if (x_request.find(Known::model) == nullptr) {
            x_copy.add();
            append_key(x_out, "model");
            append_json_string(x_out, x_edits.model);
        }
        if (!x_chat)
            return;
        if (x_limit && x_request.find(x_limit_name) == nullptr) {
            x_copy.add();
            append_key(x_out, name_of(x_limit_name));
            append_number(x_out, *x_limit);
        }
        if (x_system_texts > 0 && x_request.find(Known::system) == nullptr) {
            x_copy.add();
            append_key(x_out, "system");
            x_out += '"';
            append_system_texts();
            x_out += '"';
        }
        add_override(Known::temperature, Quirk::no_temperature, x_edits.temperature);
        add_override(Known::top_p, Quirk::no_top_p, x_edits.top_p);
        if (x_openai) {
            add_override(Known::seed, Quirk::no_seed, x_edits.seed);
        } else if (x_edits.seed) {
            name_dropped("seed");
        }
        add_stop();
        add_reasoning_effort();
        if (x_ask_logprobs && x_request.find(Known::logprobs) == nullptr) {
            x_copy.add();
            x_out += R"("logprobs":true)";
        } else if (x_edits.ask_logprobs && !x_ask_logprobs) {
            name_dropped("logprobs");
        }
        if (x_ask_usage && x_request.find(Known::stream_options) == nullptr) {
            x_copy.add();
            x_out += R"("stream_options":{"include_usage":true})";
        }
    }

    void drop_named(const Member& member) {
        x_copy.drop(member.at);
        if (!member.value.is_null())
            name_dropped(member.key);
    }
    void name_dropped(std::string_view name) {
        if (std::find(x_dropped.begin(), x_dropped.end(), name) == x_dropped.end())
            x_dropped.emplace_back(name);
    }

    void replace_string(const Member& member, std::string_view text) {
        x_copy.replace(member.at);
        append_json_string(x_out, text);
    }

    void replace_true(const Member& member) {
        x_copy.replace(member.at);
        x_out += "true";
    }

    template <class Number>
    void write_override(const Member& member, const std::optional<Number>& number) {
        if (!number || !x_chat)
            return x_copy.keep(member.at);
        x_copy.replace(member.at);
        append_number(x_out, *number);
    }
    template <class Number>
    void add_override(Known known, Quirk refused, const std::optional<Number>& number) {
        if (!number)
            return;
        if (x_edits.quirks.has(refused))
            return name_dropped(name_of(known));
        if (x_request.find(known) != nullptr)
            return;
        x_copy.add();
        append_key(x_out, name_of(known));
        append_number(x_out, *number);
    }

    void write_limit(const Member& member) {
        if (!x_chat)
            return x_copy.keep(member.at);
        if (member.known != x_limit_name) {
            // Anthropic has no other name: there it is an unknown member.
            return x_openai ? x_copy.drop(member.at) : x_copy.keep(member.at);
        }
        if (!x_limit || (!member.value.is_null() && x_request.max_output_tokens == x_limit && only_limit())) {
            return x_copy.keep(member.at);
        }
        x_copy.replace(member.at);
        append_number(x_out, *x_limit);
    }
    bool only_limit() const {
        return x_request.value(Known::max_tokens) == nullptr ||
               x_request.value(Known::max_completion_tokens) == nullptr;
    }

    void add_stop() {
        if (!x_edits.stop)
            return;
        if (x_edits.quirks.has(Quirk::no_stop))
            return name_dropped("stop");
        x_copy.add();
        append_key(x_out, x_openai ? "stop" : "stop_sequences");
        x_out += '[';
        for (std::size_t i = 0; i < x_edits.stop->size(); ++i) {
            if (i > 0)
                x_out += ',';
            append_json_string(x_out, (*x_edits.stop)[i]);
        }
        x_out += ']';
    }

    void add_reasoning_effort() {
        if (x_edits.reasoning_effort.empty())
            return;
        if (!x_openai || x_edits.quirks.has(Quirk::no_reasoning_effort))
            return name_dropped("reasoning_effort");
        x_copy.add();
        append_key(x_out, "reasoning_effort");
        append_json_string(x_out, x_edits.reasoning_effort);
    }

    // `metadata` is for targeting; it goes on only as the dialect itself has it.
    void write_metadata(const Member& member) {
        dom::object object;
        if (member.value.get(object) != simdjson::SUCCESS)
            return x_copy.keep(member.at);
        if (x_openai) {
            bool strings = x_chat;
            for (const auto field : object) strings = strings && field.value.is_string();
            return strings ? x_copy.keep(member.at) : drop_named(member);
        }
        if (object.at_key("user_id").error() != simdjson::SUCCESS)
            return x_copy.drop(member.at);
        x_copy.replace(member.at);
        ListCopy list(x_request.tokens, member.at.token, x_out);
        auto field = object.begin();
        x_request.tokens.for_each(member.at.token, [&](const JsonItem& item) {
            field.key() == "user_id" ? list.keep(item) : list.drop(item);
            ++field;
            return true;
        });
        list.close(member.at.value.end);
    }

    void write_stream_options(const Member& member) {
        if (x_request.wants_usage)
            return x_copy.keep(member.at);
        x_copy.replace(member.at);
        dom::object object;
        if (member.value.get(object) != simdjson::SUCCESS) {
            x_out += R"({"include_usage":true})";
            return;
        }
        ListCopy list(x_request.tokens, member.at.token, x_out);
        list.add();
        x_out += R"("include_usage":true)";
        auto field = object.begin();
        x_request.tokens.for_each(member.at.token, [&](const JsonItem& item) {
            field.key() == "include_usage" ? list.drop(item) : list.keep(item);
            ++field;
            return true;
        });
        list.close(member.at.value.end);
    }

    void write_messages(const Member& member) {
        const bool drop = x_edits.drop_reasoning && x_request.has_reasoning;
        if (x_prompt_messages == 0 && !drop)
            return x_copy.keep(member.at);
        x_copy.replace(member.at);
        ListCopy list(x_request.tokens, member.at.token, x_out);
        for (const PromptMessage& message : x_edits.prompt) {
            if (is_system(message.role) && !x_openai)
                continue;
            list.add();
            append_message(message);
        }
        dom::array messages = member.value.get_array().value_unsafe();
        auto message = messages.begin();
        x_request.tokens.for_each(member.at.token, [&](const JsonItem& item) {
            if (drop) {
                write_without_reasoning(list, item, *message);
            } else {
                list.keep(item);
            }
            ++message;
            return true;
        });
        list.close(member.at.value.end);
    }

    void append_message(const PromptMessage& message) {
        Role role = message.role;
        if (is_system(role))
            role = x_edits.quirks.has(Quirk::developer_role) ? Role::developer : role;
        x_out += R"({"role":")";
        x_out += to_string(role);
        x_out += R"(","content":)";
        append_json_string(x_out, message.text);
        x_out += '}';
    }

    // A message without its reasoning: Anthropic's blocks, or the members that OpenAI's relatives use.
    void write_without_reasoning(ListCopy& list, const JsonItem& at, const dom::element& element) {
        const dom::object message = element.get_object().value_unsafe();
        const Reasoning found = find_reasoning(message);
        if (found == Reasoning::none)
            return list.keep(at);
        if (found == Reasoning::only)
            return list.drop(at);
        list.replace(at);
        ListCopy members(x_request.tokens, at.token, x_out);
        auto field = message.begin();
        x_request.tokens.for_each(at.token, [&](const JsonItem& item) {
            if (is_reasoning_member(field.key())) {
                members.drop(item);
            } else if (field.key() == "content" && field.value().is_array()) {
                members.replace(item);
                write_blocks(item, field.value().get_array().value_unsafe());
            } else {
                members.keep(item);
            }
            ++field;
            return true;
        });
        members.close(at.value.end);
    }

    void write_blocks(const JsonItem& at, const dom::array& blocks) {
        ListCopy list(x_request.tokens, at.token, x_out);
        auto block = blocks.begin();
        x_request.tokens.for_each(at.token, [&](const JsonItem& item) {
            is_reasoning_block(*block) ? list.drop(item) : list.keep(item);
            ++block;
            return true;
        });
        list.close(at.value.end);
    }

    enum class Reasoning { none, some, only };

    static bool is_reasoning_member(std::string_view key) {
        return key == "reasoning_content" || key == "reasoning" || key == "reasoning_details";
    }
    static bool is_reasoning_block(const dom::element& block) {
        std::string_view type;
        return block.is_object() && block["type"].get(type) == simdjson::SUCCESS &&
               (type == "thinking" || type == "redacted_thinking");
    }
    static Reasoning find_reasoning(const dom::object& message) {
        bool some = false;
        for (const auto field : message) {
            some = some || is_reasoning_member(field.key);
            dom::array blocks;
            if (field.key != "content" || field.value.get(blocks) != simdjson::SUCCESS)
                continue;
            std::size_t all = 0;
            std::size_t reasoning = 0;
            for (const dom::element block : blocks) {
                ++all;
                if (is_reasoning_block(block))
                    ++reasoning;
            }
            if (reasoning > 0 && reasoning == all)
                return Reasoning::only;
            some = some || reasoning > 0;
        }
        return some ? Reasoning::some : Reasoning::none;
    }

    // Anthropic: the prompt's system texts in front of the client's, which is a string or blocks.
    void write_system(const Member& member) {
        if (x_openai || x_system_texts == 0)
            return x_copy.keep(member.at);
        x_copy.replace(member.at);
        if (member.value.is_string()) {
            x_out += '"';
            append_system_texts();
            const std::string_view client = x_request.tokens.text(member.at.value);
            if (client.size() > 2)
                x_out += kBetweenTexts;
            x_out.append(client.substr(1));
        } else if (member.value.is_array()) {
            ListCopy list(x_request.tokens, member.at.token, x_out);
            list.add();
            x_out += R"({"type":"text","text":")";
            append_system_texts();
            x_out += "\"}";
            x_request.tokens.for_each(member.at.token, [&](const JsonItem& item) {
                list.keep(item);
                return true;
            });
            list.close(member.at.value.end);
        } else {
            x_out += '"';
            append_system_texts();
            x_out += '"';
        }
    }

    void append_system_texts() {
        bool any = false;
        for (const PromptMessage& message : x_edits.prompt) {
            if (!is_system(message.role))
                continue;
            if (any)
                x_out += kBetweenTexts;
            any = true;
            const std::size_t quote = x_out.size();
            append_inside(x_out, message.text);
            x_out.erase(quote, 1);
        }
    }

    const ParsedRequest& x_request;
    const RequestEdits& x_edits;
    std::string& x_out;
    ListCopy x_copy;
    bool x_openai;
    bool x_chat;
    bool x_ask_usage = false;
    bool x_ask_logprobs = false;
    Known x_limit_name = Known::max_tokens;
    std::optional<std::int64_t> x_limit;
    std::size_t x_system_texts = 0;     // of the prompt, for Anthropic's `system`
    std::size_t x_prompt_messages = 0;  // of the prompt, for `messages`
    std::vector<std::string> x_dropped;
};

}  // namespace

bool refused_by(Quirks quirks, Known known) {
    if (quirks.bits == 0)
        return false;
    switch (known) {
        case Known::temperature:
            return quirks.has(Quirk::no_temperature);
        case Known::top_p:
            return quirks.has(Quirk::no_top_p);
        case Known::stop:
        case Known::stop_sequences:
            return quirks.has(Quirk::no_stop);
        case Known::seed:
            return quirks.has(Quirk::no_seed);
        case Known::parallel_tool_calls:
            return quirks.has(Quirk::no_parallel_tool_calls);
        case Known::stream_options:
            return quirks.has(Quirk::no_stream_options);
        case Known::frequency_penalty:
        case Known::presence_penalty:
            return quirks.has(Quirk::no_penalties);
        case Known::logprobs:
        case Known::top_logprobs:
            return quirks.has(Quirk::no_logprobs);
        case Known::reasoning_effort:
            return quirks.has(Quirk::no_reasoning_effort);
        default:
            return false;
    }
}

void append_number(std::string& out, double number) {
    if (!std::isfinite(number))
        number = 0;
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), number);
}

void append_number(std::string& out, std::int64_t number) {
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), number);
}

Result<std::vector<std::string>> splice(const ParsedRequest& request, const RequestEdits& edits,
                                        std::string& out) {
    out.reserve(out.size() + request.body.size() + 256);
    return Splicer(request, edits, out).run();
}

}  // namespace tidegate::dialect::detail
