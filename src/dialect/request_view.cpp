#include "parsed_request.h"

#include <tidegate/base/text.h>
#include <tidegate/dialect/request_view.h>

#include <fmt/format.h>

namespace tidegate::dialect {

using detail::client_error;
using detail::Known;
using detail::Member;
using detail::ParsedRequest;
namespace dom = simdjson::dom;

namespace {

constexpr std::int64_t kMaximumAnswers = 128;

Error wrong_type(std::string_view name, std::string_view wanted) {
    return client_error(fmt::format("'{}' must be {}", name, wanted));
}

// Copies the top level into `members`, each with its bytes.
Result<void> read_members(ParsedRequest& request, const dom::object& object) {
    const Result<void> checked = detail::check_members(object, "the body", request.keys);
    if (!checked)
        return checked;
    for (const auto field : object) request.members.push_back({field.key, field.value, {}, Known::count});
    std::size_t index = 0;
    request.tokens.for_each(0, [&](const detail::JsonItem& item) {
        Member& member = request.members[index];
        member.at = item;
        member.known = detail::find_known(member.key);
        if (member.known != Known::count) {
            request.positions[static_cast<std::size_t>(member.known)] = static_cast<std::int16_t>(index);
        }
        ++index;
        return true;
    });
    for (const Member& member : request.members) {
        if (member.known == Known::count && detail::resembles_known(member.key)) {
            return client_error(fmt::format("the member {} differs from a known one only in its letters",
                                            json_string(member.key)));
        }
    }
    return {};
}

Result<void> read_bool(const ParsedRequest& request, Known known, bool& out) {
    const Member* member = request.value(known);
    if (member == nullptr)
        return {};
    if (member->value.get(out) != simdjson::SUCCESS)
        return wrong_type(detail::name_of(known), "true or false");
    return {};
}

Result<void> read_string(const ParsedRequest& request, Known known, std::string_view& out) {
    const Member* member = request.value(known);
    if (member == nullptr)
        return {};
    if (member->value.get(out) != simdjson::SUCCESS)
        return wrong_type(detail::name_of(known), "a string");
    return {};
}

Result<std::optional<std::int64_t>> read_count(const ParsedRequest& request, Known known) {
    const Member* member = request.value(known);
    if (member == nullptr)
        return std::nullopt;
    std::int64_t number = 0;
    if (member->value.get(number) != simdjson::SUCCESS || number < 0) {
        return wrong_type(detail::name_of(known), "an integer that is not negative");
    }
    return number;
}

Result<void> read_thinking_budget(ParsedRequest& request) {
    const Member* thinking = request.format == Format::anthropic ? request.value(Known::thinking) : nullptr;
    dom::element budget;
    if (thinking == nullptr || thinking->value["budget_tokens"].get(budget) != simdjson::SUCCESS ||
        budget.is_null())
        return {};
    if (budget.get(request.thinking_budget) != simdjson::SUCCESS || request.thinking_budget < 0)
        return wrong_type("thinking.budget_tokens", "an integer that is not negative");
    return {};
}

Result<void> read_limits(ParsedRequest& request) {
    for (const Known known : {Known::max_completion_tokens, Known::max_tokens}) {
        const Result<std::optional<std::int64_t>> count = read_count(request, known);
        if (!count)
            return count.error();
        const std::optional<std::int64_t>& limit = *count;
        if (!limit)
            continue;
        request.max_output_tokens = std::min(request.max_output_tokens.value_or(*limit), *limit);
    }
    const Result<std::optional<std::int64_t>> answers = read_count(request, Known::n);
    if (!answers)
        return answers.error();
    request.answers = answers->value_or(1);
    if (request.answers < 1 || request.answers > kMaximumAnswers) {
        return wrong_type("n", fmt::format("from 1 to {}", kMaximumAnswers));
    }
    return read_thinking_budget(request);
}

Result<std::optional<dom::object>> read_object(ParsedRequest& request, Known known) {
    const Member* member = request.value(known);
    if (member == nullptr)
        return std::nullopt;
    dom::object object;
    if (member->value.get(object) != simdjson::SUCCESS)
        return wrong_type(detail::name_of(known), "an object");
    const Result<void> checked =
        detail::check_members(object, fmt::format("'{}'", detail::name_of(known)), request.keys);
    if (!checked)
        return checked.error();
    return object;
}

// The text of a string, or of a number or boolean as it was written; nullopt for anything else.
std::optional<std::string_view> scalar_text(const ParsedRequest& request, const dom::element& value,
                                            const detail::JsonItem& at) {
    if (value.is_string())
        return value.get_string().value_unsafe();
    if (value.is_number() || value.is_bool())
        return request.tokens.text(at.value);
    return std::nullopt;
}

Result<void> read_metadata(ParsedRequest& request) {
    const Result<std::optional<dom::object>> member = read_object(request, Known::metadata);
    if (!member)
        return member.error();
    const std::optional<dom::object>& metadata = *member;
    if (!metadata)
        return {};
    auto field = metadata->begin();
    request.tokens.for_each(request.find(Known::metadata)->at.token, [&](const detail::JsonItem& at) {
        const dom::element value = field.value();
        if (value.is_bool()) {
            request.metadata.push_back({field.key(), value.get_bool().value_unsafe()});
        } else if (value.is_number()) {
            request.metadata.push_back({field.key(), value.get_double().value_unsafe()});
        } else if (value.is_string()) {
            request.metadata.push_back({field.key(), value.get_string().value_unsafe()});
        }
        if (request.user.empty() && field.key() == "user_id")
            request.user = scalar_text(request, value, at).value_or("");
        ++field;
        return true;
    });
    return {};
}

Result<void> read_variables(ParsedRequest& request, const dom::element& value, const detail::JsonItem& at) {
    dom::object object;
    if (value.get(object) != simdjson::SUCCESS)
        return wrong_type("tidegate.variables", "an object");
    const Result<void> checked = detail::check_members(object, "'tidegate.variables'", request.keys);
    if (!checked)
        return checked;
    auto field = object.begin();
    bool good = true;
    request.tokens.for_each(at.token, [&](const detail::JsonItem& item) {
        const auto text = scalar_text(request, field.value(), item);
        good = text.has_value();
        if (good)
            request.variables.push_back({field.key(), *text});
        ++field;
        return good;
    });
    if (!good)
        return wrong_type("tidegate.variables", "an object of strings, numbers or booleans");
    return {};
}

Result<void> read_context(ParsedRequest& request, const dom::element& value) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) {
        request.context.push_back(text);
        return {};
    }
    dom::array array;
    if (value.get(array) != simdjson::SUCCESS)
        return wrong_type("tidegate.context", "an array of strings");
    for (const dom::element element : array) {
        if (element.get(text) != simdjson::SUCCESS)
            return wrong_type("tidegate.context", "an array of strings");
        request.context.push_back(text);
    }
    return {};
}

Result<void> read_tidegate(ParsedRequest& request) {
    const Result<std::optional<dom::object>> member = read_object(request, Known::tidegate);
    if (!member)
        return member.error();
    const std::optional<dom::object>& own = *member;
    if (!own)
        return {};
    auto field = own->begin();
    Result<void> result;
    request.tokens.for_each(request.find(Known::tidegate)->at.token, [&](const detail::JsonItem& at) {
        const std::string_view key = field.key();
        const dom::element value = field.value();
        std::string_view text;
        if (value.is_null()) {
            // as if it were absent
        } else if (key == "variables") {
            result = read_variables(request, value, at);
        } else if (key == "context") {
            result = read_context(request, value);
        } else if (key != "baseline") {
            result =
                client_error(fmt::format("'tidegate' has no member {}", json_string(utf8_prefix(key, 64))));
        } else if (value.get(text) == simdjson::SUCCESS) {
            request.baseline = text;
        } else {
            result = wrong_type("tidegate.baseline", "a string");
        }
        ++field;
        return result.has_value();
    });
    return result;
}

Result<void> read_stream_options(ParsedRequest& request) {
    const Result<std::optional<dom::object>> member = read_object(request, Known::stream_options);
    if (!member)
        return member.error();
    const std::optional<dom::object>& options = *member;
    if (!options)
        return {};
    dom::element usage;
    if (options->at_key("include_usage").get(usage) != simdjson::SUCCESS || usage.is_null())
        return {};
    if (usage.get(request.wants_usage) != simdjson::SUCCESS)
        return wrong_type("stream_options.include_usage", "true or false");
    return {};
}

// Whether the answer shall be JSON: OpenAI's response_format, Anthropic's output_config.format.
Result<void> read_answer_format(ParsedRequest& request) {
    for (const Known known : {Known::response_format, Known::output_format, Known::output_config}) {
        const Result<std::optional<dom::object>> member = read_object(request, known);
        if (!member)
            return member.error();
        const std::optional<dom::object>& object = *member;
        if (!object)
            continue;
        dom::object format = *object;
        if (known == Known::output_config) {
            if (object->at_key("format").get(format) != simdjson::SUCCESS)
                continue;
            const Result<void> checked = detail::check_members(format, "'output_config.format'", request.keys);
            if (!checked)
                return checked;
        }
        std::string_view type;
        if (format.at_key("type").get(type) == simdjson::SUCCESS)
            request.wants_json = request.wants_json || type != "text";
    }
    return {};
}

Result<void> read_content_member(const ParsedRequest& request) {
    const Known needed = request.operation == Operation::chat ? Known::messages : Known::input;
    const Member* member = request.find(needed);
    if (member == nullptr)
        return client_error(fmt::format("the member '{}' is missing", detail::name_of(needed)));
    if (needed == Known::messages && !member->value.is_array())
        return wrong_type("messages", "an array");
    return {};
}

Result<void> read_facts(ParsedRequest& request) {
    Result<void> result = read_string(request, Known::model, request.model);
    if (result)
        result = read_content_member(request);
    if (result && request.operation == Operation::chat)
        result = read_bool(request, Known::stream, request.stream);
    if (result && request.operation == Operation::chat && request.format == Format::openai)
        result = read_bool(request, Known::logprobs, request.wants_logprobs);
    if (result)
        result = read_stream_options(request);
    if (result)
        result = read_limits(request);
    std::string_view identifier;
    if (result)
        result = read_string(request, Known::safety_identifier, identifier);
    if (result)
        result = read_string(request, Known::user, request.user);
    if (!identifier.empty())
        request.user = identifier;
    if (result)
        result = read_metadata(request);
    if (result)
        result = read_tidegate(request);
    if (result)
        result = read_answer_format(request);
    if (result)
        result = detail::survey(request);
    return result;
}

// The text of a content: a string, or the text parts of an array.
void append_text(const dom::element& content, std::string& out) {
    std::string_view text;
    if (content.get(text) == simdjson::SUCCESS) {
        if (!out.empty())
            out += '\n';
        out += text;
        return;
    }
    dom::array parts;
    if (content.get(parts) != simdjson::SUCCESS)
        return;
    for (const dom::element part : parts) {
        if (part.is_string()) {
            append_text(part, out);
        } else if (part["text"].get(text) == simdjson::SUCCESS) {
            if (!out.empty())
                out += '\n';
            out += text;
        }
    }
}

}  // namespace

Result<RequestView> RequestView::read(Format format, Operation operation, std::string_view body,
                                      BodyParser& parser) {
    detail::ParserState& state = parser.state();
    ParsedRequest& request = state.request;
    request.clear();
    request.format = format;
    request.operation = operation;
    request.body = body;
    dom::element root;
    const simdjson::error_code error = state.parse(body).get(root);
    if (error != simdjson::SUCCESS)
        return client_error(detail::describe(error, body));
    dom::object object;
    if (root.get(object) != simdjson::SUCCESS)
        return client_error("the body must be a JSON object");
    request.tokens = state.tokens(body);
    Result<void> result = read_members(request, object);
    if (result)
        result = read_facts(request);
    if (!result)
        return std::move(result).error();
    return RequestView(request);
}

std::string RequestView::last_user_text() const {
    std::string text;
    if (x_parsed->operation == Operation::embeddings) {
        append_text(x_parsed->find(Known::input)->value, text);
        return text;
    }
    dom::array messages;
    if (x_parsed->find(Known::messages)->value.get(messages) != simdjson::SUCCESS)
        return text;
    dom::element last;
    bool found = false;
    for (const dom::element message : messages) {
        std::string_view role;
        if (message["role"].get(role) != simdjson::SUCCESS || role != "user")
            continue;
        dom::element content;
        if (message["content"].get(content) != simdjson::SUCCESS)
            continue;
        last = content;
        found = true;
    }
    if (found)
        append_text(last, text);
    return text;
}

Format RequestView::format() const {
    return x_parsed->format;
}
Operation RequestView::operation() const {
    return x_parsed->operation;
}
std::string_view RequestView::body() const {
    return x_parsed->body;
}
std::string_view RequestView::model() const {
    return x_parsed->model;
}
bool RequestView::stream() const {
    return x_parsed->stream;
}
std::string_view RequestView::user() const {
    return x_parsed->user;
}
std::optional<std::int64_t> RequestView::max_output_tokens() const {
    return x_parsed->max_output_tokens;
}
std::int64_t RequestView::answers() const {
    return x_parsed->answers;
}
std::int64_t RequestView::thinking_budget() const {
    return x_parsed->thinking_budget;
}
bool RequestView::wants_usage() const {
    return x_parsed->wants_usage;
}
bool RequestView::wants_logprobs() const {
    return x_parsed->wants_logprobs;
}
bool RequestView::has_tools() const {
    return x_parsed->has_tools;
}
bool RequestView::wants_json() const {
    return x_parsed->wants_json;
}
bool RequestView::has_system() const {
    return x_parsed->has_system;
}
bool RequestView::has_reasoning() const {
    return x_parsed->has_reasoning;
}
bool RequestView::carries_provider_state() const {
    return x_parsed->provider_state;
}
bool RequestView::unbounded_input() const {
    return x_parsed->unbounded_input;
}
std::span<const std::string_view> RequestView::price_members() const {
    return x_parsed->price_members;
}
std::span<const std::string_view> RequestView::hosted_tools() const {
    return x_parsed->hosted_tools;
}
std::span<const MetadataEntry> RequestView::metadata() const {
    return x_parsed->metadata;
}
std::span<const Variable> RequestView::variables() const {
    return x_parsed->variables;
}
std::span<const std::string_view> RequestView::context() const {
    return x_parsed->context;
}
std::optional<std::string_view> RequestView::baseline() const {
    return x_parsed->baseline;
}

}  // namespace tidegate::dialect
