#include "parsed_request.h"
#include "provider_error.h"

#include <tidegate/base/text.h>
#include <tidegate/dialect/error.h>

namespace tidegate::dialect {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaximumMessage = 1000;
constexpr std::size_t kMaximumRawMessage = 200;

std::string_view openai_type(int status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 409:
            return "conflict_error";
        case 429:
            return "rate_limit_error";
        default:
            return status >= 500 ? "server_error" : "invalid_request_error";
    }
}

std::string_view anthropic_type(int status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 402:
            return "billing_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 413:
            return "request_too_large";
        case 429:
            return "rate_limit_error";
        case 408:
        case 504:
            return "timeout_error";
        case 503:
        case 529:
            return "overloaded_error";
        default:
            return status >= 500 ? "api_error" : "invalid_request_error";
    }
}

std::string text_of(const dom::object& object, std::string_view name) {
    dom::element value;
    if (object[name].get(value) != simdjson::SUCCESS)
        return {};
    if (value.is_string())
        return std::string(utf8_prefix(value.get_string().value_unsafe(), kMaximumMessage));
    std::int64_t number = 0;
    return value.get(number) == simdjson::SUCCESS ? std::to_string(number) : std::string();
}

bool is_refusal_word(std::string_view code) {
    for (const std::string_view word :
         {"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation", "moderation_blocked"}) {
        if (equals_ignoring_case(code, word))
            return true;
    }
    return false;
}

}  // namespace

namespace detail {

ProviderError read_error_element(const dom::element& root) {
    ProviderError result;
    dom::element error = root;
    dom::array wrapped;
    if (root.get(wrapped) == simdjson::SUCCESS && wrapped.begin() != wrapped.end())
        error = *wrapped.begin();
    dom::object outer;
    if (error.get(outer) != simdjson::SUCCESS)
        return result;
    dom::element inner;
    if (outer["error"].get(inner) != simdjson::SUCCESS)
        inner = error;
    dom::object object;
    if (inner.get(object) == simdjson::SUCCESS) {
        result.type = text_of(object, "type");
        result.code = text_of(object, "code");
        result.message = text_of(object, "message");
        dom::object deeper;  // Azure tells its filter in `innererror`
        if (object["innererror"].get(deeper) == simdjson::SUCCESS && is_refusal_word(text_of(deeper, "code"))) {
            result.is_refusal = true;
        }
    } else if (inner.is_string()) {
        result.message = std::string(utf8_prefix(inner.get_string().value_unsafe(), kMaximumMessage));
    }
    if (result.message.empty())
        result.message = text_of(outer, "detail");
    result.is_refusal = result.is_refusal || is_refusal_word(result.code) || is_refusal_word(result.type);
    return result;
}

}  // namespace detail

ProviderError read_error(Format /*format*/, int status, std::string_view body) {
    simdjson::dom::parser parser;
    dom::element root;
    ProviderError error;
    if (body.size() <= (1U << 20U) &&
        parser.parse(body.data(), body.size(), true).get(root) == simdjson::SUCCESS) {
        error = detail::read_error_element(root);
    }
    if (error.message.empty() && error.type.empty() && error.code.empty()) {
        // One line of whatever it is (an HTML page of a proxy, most often).
        for (const char c : utf8_prefix(trim(body), kMaximumRawMessage)) {
            error.message += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
    }
    if (error.message.empty())
        error.message = "status " + std::to_string(status);
    return error;
}

std::string write_error(Format format, int status, std::string_view code, std::string_view message,
                        std::string_view call_id) {
    std::string out;
    if (format == Format::openai) {
        out = R"({"error":{"message":)";
        append_json_string(out, message);
        out += R"(,"type":)";
        append_json_string(out, openai_type(status));
        out += R"(,"param":null,"code":)";
        append_json_string(out, code);
        out += "}}";
        return out;
    }
    std::string text(code);
    if (!message.empty())
        text.append(text.empty() ? "" : ": ").append(message);
    out = R"({"type":"error","error":{"type":)";
    append_json_string(out, anthropic_type(status));
    out += R"(,"message":)";
    append_json_string(out, text);
    out += R"(},"request_id":)";
    out += call_id.empty() ? "null" : json_string(call_id);
    out += '}';
    return out;
}

std::string error_event(Format format, int status, std::string_view code, std::string_view message,
                        std::string_view call_id) {
    std::string out = format == Format::openai ? "data: " : "event: error\ndata: ";
    out += write_error(format, status, code, message, call_id);
    out += "\n\n";
    return out;
}

std::string_view heartbeat(Format format) {
    return format == Format::openai ? ": heartbeat\n\n" : "event: ping\ndata: {\"type\": \"ping\"}\n\n";
}

std::string write_model(Format format, std::string_view name) {
    std::string out = R"({"id":)";
    append_json_string(out, name);
    if (format == Format::openai) {
        out += R"(,"object":"model","created":0,"owned_by":"tidegate"})";
    } else {
        out += R"(,"type":"model","display_name":)";
        append_json_string(out, name);
        out += R"(,"created_at":"1970-01-01T00:00:00Z"})";
    }
    return out;
}

std::string write_models(Format format, std::span<const std::string> names) {
    std::string out = format == Format::openai ? R"({"object":"list","data":[)" : R"({"data":[)";
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0)
            out += ',';
        out += write_model(format, names[i]);
    }
    out += ']';
    if (format == Format::anthropic) {
        out += R"(,"has_more":false,"first_id":)";
        out += names.empty() ? "null" : json_string(names.front());
        out += R"(,"last_id":)";
        out += names.empty() ? "null" : json_string(names.back());
    }
    out += '}';
    return out;
}

}  // namespace tidegate::dialect
