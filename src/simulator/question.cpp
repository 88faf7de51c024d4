#include "simulator/question.h"

#include <tidegate/base/text.h>
#include <tidegate/simulator/behaviour.h>

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::simulator {
namespace {

using nlohmann::json;

constexpr int kTokensPerMessage = 3;
constexpr int kTokensPerImage = 85;

// Thrown while reading, caught in the entrances.
struct Wrong {
    std::string message;
};

json parse(std::string_view body) {
    json parsed = json::parse(body, nullptr, false);
    if (!parsed.is_object())
        throw Wrong{"We could not parse the JSON body of your request."};
    return parsed;
}

std::string read_model(const json& body) {
    const auto found = body.find("model");
    if (found == body.end())
        throw Wrong{"you must provide a model parameter"};
    if (!found->is_string() || found->get_ref<const std::string&>().empty()) {
        throw Wrong{"Invalid type for 'model': expected a string"};
    }
    return *found;
}

bool read_flag(const json& body, const char* name) {
    const auto found = body.find(name);
    if (found == body.end() || found->is_null())
        return false;
    if (!found->is_boolean())
        throw Wrong{std::string("Invalid type for '") + name + "': expected a boolean"};
    return *found;
}

std::optional<int> read_count(const json& body, const char* name, int least, int most) {
    const auto found = body.find(name);
    if (found == body.end() || found->is_null())
        return std::nullopt;
    if (!found->is_number_integer() || *found < least || *found > most) {
        throw Wrong{std::string("Invalid value for '") + name + "': expected an integer of at least " +
                    std::to_string(least)};
    }
    return found->get<int>();
}

void check_temperature(const json& body, double most) {
    const auto found = body.find("temperature");
    if (found == body.end() || found->is_null())
        return;
    if (!found->is_number() || *found < 0 || *found > most)
        throw Wrong{"Invalid value for 'temperature'"};
}

// The text of a content member: a string, or parts.
struct Content {
    std::string text;
    int tokens = 0;
    bool tool_result = false;
};

Content read_content(const json& content, std::string_view where) {
    Content out;
    if (content.is_null())
        return out;
    if (content.is_string()) {
        out.text = content;
    } else if (content.is_array()) {
        for (const json& part : content) {
            const std::string type = part.is_object() ? part.value("type", "") : "";
            if (type.empty())
                throw Wrong{"Invalid content part in '" + std::string(where) + "': missing 'type'"};
            if (type == "text" || type == "input_text" || type == "refusal") {
                if (!out.text.empty())
                    out.text += '\n';
                out.text += part.value(type == "refusal" ? "refusal" : "text", "");
            } else if (type.find("image") != std::string::npos) {
                out.tokens += kTokensPerImage;
            } else {
                out.tool_result = out.tool_result || type == "tool_result";
                out.tokens += count_tokens(part.dump());
            }
        }
    } else {
        throw Wrong{"Invalid type for '" + std::string(where) + "': expected a string or a list of parts"};
    }
    out.tokens += count_tokens(out.text);
    return out;
}

const json& read_list(const json& body, const char* name) {
    const auto found = body.find(name);
    if (found == body.end())
        throw Wrong{std::string("Missing required parameter: '") + name + "'."};
    if (!found->is_array() || found->empty()) {
        throw Wrong{std::string("Invalid value for '") + name + "': expected a list with at least one element"};
    }
    return *found;
}

void read_messages(const json& messages, std::initializer_list<std::string_view> roles, Question& out) {
    std::size_t index = 0;
    for (const json& message : messages) {
        const std::string where = "messages[" + std::to_string(index++) + "]";
        const std::string role = message.is_object() ? message.value("role", "") : "";
        if (std::find(roles.begin(), roles.end(), role) == roles.end()) {
            throw Wrong{fmt::format("Invalid value for '{}.role': '{}'", where, role)};
        }
        const auto content = message.find("content");
        if (content == message.end() && !message.contains("tool_calls")) {
            throw Wrong{"Missing required parameter: '" + where + ".content'."};
        }
        const Content read = content == message.end() ? Content{} : read_content(*content, where + ".content");
        out.input_tokens += read.tokens + kTokensPerMessage;
        if (message.contains("tool_calls"))
            out.input_tokens += count_tokens(message["tool_calls"].dump());
        out.after_tool = role == "tool" || role == "function" || read.tool_result;
        if (role == "user" && !read.text.empty())
            out.last_user = read.text;
    }
}

void add_tool(const json& name, const json& schema, Question& out) {
    if (!name.is_string() || name.get_ref<const std::string&>().empty()) {
        throw Wrong{"Missing required parameter: 'tools[" + std::to_string(out.tools.size()) + "].name'."};
    }
    out.input_tokens += count_tokens(name.get_ref<const std::string&>()) + count_tokens(schema.dump());
    out.tools.push_back({.name = name, .schema = schema});
}

// Puts the named tool first.
void name_tool(const std::string& name, Question& out) {
    const auto found =
        std::find_if(out.tools.begin(), out.tools.end(), [&](const Tool& tool) { return tool.name == name; });
    if (found == out.tools.end())
        throw Wrong{"Invalid value for 'tool_choice': no tool is named '" + name + "'"};
    std::rotate(out.tools.begin(), found, found + 1);
    out.must_call = true;
}

void read_openai_tools(const json& body, Question& out) {
    if (const auto tools = body.find("tools"); tools != body.end() && tools->is_array()) {
        for (const json& tool : *tools) {
            const json function = tool.is_object() ? tool.value("function", json::object()) : json::object();
            add_tool(function.value("name", json{}), function.value("parameters", json{}), out);
        }
    }
    const auto choice = body.find("tool_choice");
    if (choice == body.end() || choice->is_null())
        return;
    if (out.tools.empty())
        throw Wrong{"Invalid value for 'tool_choice': only allowed when 'tools' are specified."};
    if (choice->is_object()) {
        name_tool(choice->value("function", json::object()).value("name", ""), out);
    } else {
        out.must_call = *choice == "required";
        out.may_call = *choice != "none";
    }
}

void read_anthropic_tools(const json& body, Question& out) {
    if (const auto tools = body.find("tools"); tools != body.end() && tools->is_array()) {
        for (const json& tool : *tools) {
            if (!tool.is_object())
                throw Wrong{"tools: Input should be a valid dictionary"};
            add_tool(tool.value("name", json{}), tool.value("input_schema", json{}), out);
        }
    }
    const auto choice = body.find("tool_choice");
    if (choice == body.end() || !choice->is_object())
        return;
    const std::string type = choice->value("type", "");
    if (type == "tool") {
        name_tool(choice->value("name", ""), out);
    } else {
        out.must_call = type == "any" && !out.tools.empty();
        out.may_call = type != "none";
    }
}

void read_response_format(const json& body, Question& out) {
    const auto format = body.find("response_format");
    if (format == body.end() || !format->is_object())
        return;
    const std::string type = format->value("type", "text");
    out.json = type == "json_object" || type == "json_schema";
    if (type == "json_schema")
        out.schema = format->value("json_schema", json::object()).value("schema", json{});
}

void read_logprobs(const json& body, Question& out) {
    const std::optional<int> top = read_count(body, "top_logprobs", 0, 20);
    if (read_flag(body, "logprobs")) {
        out.top_logprobs = top.value_or(0);
    } else if (top) {
        throw Wrong{"Invalid value for 'top_logprobs': 'logprobs' must be true"};
    }
}

std::uint64_t question_hash(const Question& question, const json& messages) {
    return hash_of(messages.dump(-1, ' ', false, json::error_handler_t::replace),
                   hash_of(split_model(question.model).model));
}

Question openai_question(const json& body) {
    Question out;
    out.model = read_model(body);
    const json& messages = read_list(body, "messages");
    read_messages(messages, {"system", "developer", "user", "assistant", "tool", "function"}, out);
    out.hash = question_hash(out, messages);
    out.stream = read_flag(body, "stream");
    if (const auto options = body.find("stream_options"); options != body.end() && options->is_object()) {
        if (!out.stream)
            throw Wrong{"The 'stream_options' parameter is only allowed when 'stream' is enabled."};
        out.stream_usage = read_flag(*options, "include_usage");
    }
    out.max_tokens = read_count(body, "max_completion_tokens", 1, 10'000'000);
    const std::optional<int> older = read_count(body, "max_tokens", 1, 10'000'000);
    if (!out.max_tokens)
        out.max_tokens = older;
    out.choices = read_count(body, "n", 1, 8).value_or(1);
    check_temperature(body, 2);
    read_logprobs(body, out);
    read_openai_tools(body, out);
    read_response_format(body, out);
    return out;
}

Question anthropic_question(const json& body, bool counting) {
    Question out;
    out.dialect = Dialect::anthropic;
    out.model = read_model(body);
    out.max_tokens = read_count(body, "max_tokens", 1, 10'000'000);
    if (!out.max_tokens && !counting)
        throw Wrong{"max_tokens: Field required"};
    const json& messages = read_list(body, "messages");
    read_messages(messages, {"user", "assistant", "system"}, out);
    if (const auto system = body.find("system"); system != body.end()) {
        out.input_tokens += read_content(*system, "system").tokens;
    }
    out.hash = question_hash(out, messages);
    out.stream = read_flag(body, "stream");
    out.stream_usage = true;
    check_temperature(body, 1);
    read_anthropic_tools(body, out);
    if (const auto thinking = body.find("thinking"); thinking != body.end() && thinking->is_object()) {
        out.thinking = thinking->value("type", "") != "disabled";
    }
    if (const auto config = body.find("output_config"); config != body.end() && config->is_object()) {
        const json format = config->value("format", json::object());
        out.json = format.is_object() && format.value("type", "") == "json_schema";
        if (out.json)
            out.schema = format.value("schema", json{});
    }
    return out;
}

EmbeddingQuestion embedding_question(const json& body) {
    EmbeddingQuestion out;
    out.model = read_model(body);
    const auto input = body.find("input");
    if (input == body.end())
        throw Wrong{"Missing required parameter: 'input'."};
    if (input->is_string()) {
        out.inputs.push_back(*input);
    } else if (input->is_array() && !input->empty()) {
        const bool tokens = input->front().is_number();  // one text as token numbers
        if (tokens)
            out.inputs.push_back(input->dump());
        for (const json& one : *input) {
            if (!tokens)
                out.inputs.push_back(one.is_string() ? one.get<std::string>() : one.dump());
        }
    } else {
        throw Wrong{"Invalid value for 'input': expected a string or a list with at least one element"};
    }
    if (out.inputs.size() > 2048)
        throw Wrong{"Invalid value for 'input': at most 2048 elements"};
    out.dimensions = static_cast<std::size_t>(read_count(body, "dimensions", 1, 4096).value_or(256));
    out.base64 = body.value("encoding_format", "float") == "base64";
    return out;
}

// Wrong members and types that were not looked for end in one message.
template <class Read>
auto guarded(Read read) -> Result<decltype(read())> {
    try {
        return read();
    } catch (const Wrong& wrong) {
        return Error{.kind = ErrorKind::invalid_input, .source = ErrorSource::client, .message = wrong.message};
    } catch (const json::exception&) {
        return Error{.kind = ErrorKind::invalid_input,
                     .source = ErrorSource::client,
                     .message = "Invalid type of a member of the request"};
    }
}

}  // namespace

Result<Question> read_openai(std::string_view body) {
    return guarded([&] { return openai_question(parse(body)); });
}

Result<Question> read_anthropic(std::string_view body) {
    return guarded([&] { return anthropic_question(parse(body), false); });
}

Result<Question> read_anthropic_count(std::string_view body) {
    return guarded([&] { return anthropic_question(parse(body), true); });
}

Result<EmbeddingQuestion> read_embeddings(std::string_view body) {
    return guarded([&] { return embedding_question(parse(body)); });
}

int count_tokens(std::string_view text) {
    int count = 0;
    bool inside = false;
    for (const char c : text) {
        const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
        count += !space && !inside ? 1 : 0;
        inside = !space;
    }
    return count;
}

std::uint64_t hash_of(std::string_view bytes, std::uint64_t seed) {
    std::uint64_t hash = 0xcbf29ce484222325U ^ seed;
    for (const char c : bytes) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3U;
    }
    hash ^= hash >> 33U;
    hash *= 0xff51afd7ed558ccdU;
    hash ^= hash >> 33U;
    hash *= 0xc4ceb9fe1a85ec53U;
    return hash ^ (hash >> 33U);
}

}  // namespace tidegate::simulator
