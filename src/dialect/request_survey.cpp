// One walk over what carries the content of a request: messages, system, tools.
#include "parsed_request.h"

#include <tidegate/base/text.h>

#include <fmt/format.h>

namespace tidegate::dialect::detail {
namespace {

namespace dom = simdjson::dom;

enum class Place { messages, system, tools };

// Members whose values belong to the client's tools and schemas: no decision reads them.
bool is_opaque(std::string_view key) {
    return key == "input" || key == "arguments" || key == "parameters" || key == "input_schema" ||
           key == "schema";
}

// Tools that the client runs itself, although Anthropic knows them by a type.
bool runs_at_client(std::string_view type) {
    for (const std::string_view prefix :
         {"function", "custom", "bash_", "text_editor_", "computer_", "memory_"}) {
        if (type.starts_with(prefix))
            return true;
    }
    return false;
}

class Survey {
  public:
    explicit Survey(ParsedRequest& request) : x_request(request) { x_request.keys.clear(); }

    Result<void> walk(const dom::element& element, Place place, int level) {
        dom::array array;
        if (element.get(array) == simdjson::SUCCESS) {
            for (const dom::element item : array) {
                if (!item.is_object() && !item.is_array())
                    continue;
                Result<void> result = walk(item, place, level + 1);
                if (!result)
                    return result;
            }
            return {};
        }
        dom::object object;
        if (element.get(object) != simdjson::SUCCESS)
            return {};
        return walk_object(object, place, level);
    }

  private:
    Result<void> walk_object(const dom::object& object, Place place, int level) {
        // Keys of this object lie behind those of the objects around it.
        const std::size_t first = x_request.keys.size();
        for (const auto field : object) {
            x_request.keys.push_back(field.key);
            if (field.value.is_string()) {
                see_text(field.key, field.value.get_string().value_unsafe(), place, level);
            } else if ((field.value.is_object() || field.value.is_array()) && !is_opaque(field.key)) {
                see_object(field.key, place, level);
                Result<void> result = walk(field.value, place, level + 1);
                if (!result)
                    return result;
            }
        }
        Result<void> result = check_duplicates(first, place);
        x_request.keys.resize(first);
        return result;
    }

    Result<void> check_duplicates(std::size_t first, Place place) {
        std::vector<std::string_view>& keys = x_request.keys;
        std::string_view twice;
        if (keys.size() - first > kFew) {
            if (keys.size() - first > kMany)
                return client_error("an object in the body has more than 1024 members");
            const auto begin = keys.begin() + static_cast<std::ptrdiff_t>(first);
            std::sort(begin, keys.end());
            const auto at = std::adjacent_find(begin, keys.end());
            if (at == keys.end())
                return {};
            twice = *at;
        } else {
            for (std::size_t i = first + 1; i < keys.size(); ++i) {
                for (std::size_t j = first; j < i; ++j) {
                    if (keys[i] == keys[j])
                        twice = keys[i];
                }
            }
            if (twice.data() == nullptr)
                return {};
        }
        constexpr std::string_view kPlaces[] = {"messages", "system", "tools"};
        return client_error(fmt::format("the member {} occurs twice in an object of '{}'",
                                        json_string(utf8_prefix(twice, 64)), kPlaces[static_cast<int>(place)]));
    }

    void see_text(std::string_view key, std::string_view text, Place place, int level) {
        if (key == "role") {
            if (place == Place::messages && level == 1 && (text == "system" || text == "developer"))
                x_request.has_system = true;
        } else if (key == "type") {
            if (place == Place::tools) {
                if (level == 1 && !runs_at_client(text))
                    x_request.hosted_tools.push_back(text);
            } else {
                see_type(text);
            }
        } else if (key == "file_id") {
            x_request.provider_state = true;
            x_request.unbounded_input = true;
        } else if (key == "ttl") {
            if (text == "1h")
                add_price("cache_control.ttl");
        } else if (key == "reasoning_content" || key == "reasoning") {
            if (level == 1)
                x_request.has_reasoning = true;
        }
    }

    void see_object(std::string_view key, Place place, int level) {
        if (place != Place::messages || level != 1)
            return;
        if (key == "audio")
            x_request.provider_state = true;  // an earlier answer's audio, by its id
        if (key == "reasoning_details")
            x_request.has_reasoning = true;
    }

    void see_type(std::string_view type) {
        if (type == "text" || type == "tool_use" || type == "tool_result" || type == "function" ||
            type == "ephemeral")
            return;
        if (type == "thinking" || type == "redacted_thinking") {
            x_request.has_reasoning = true;
        } else if (type == "input_audio") {
            add_price("input_audio");
            x_request.unbounded_input = true;
        } else if (type == "image_url" || type == "image" || type == "document" || type == "file" ||
                   type == "container_upload") {
            // Even inline: an image's tokens follow its dimensions, not its bytes.
            x_request.unbounded_input = true;
        }
    }

    void add_price(std::string_view name) {
        auto& names = x_request.price_members;
        if (std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(name);
    }

    static constexpr std::size_t kFew = 24;
    static constexpr std::size_t kMany = 1024;
    ParsedRequest& x_request;
};

bool is_ordinary_tier(std::string_view tier) {
    return tier == "auto" || tier == "default" || tier == "standard" || tier == "standard_only";
}

// Members at the top that change the price or bind the request to one provider.
void survey_top(ParsedRequest& request) {
    std::string_view text;
    if (const Member* tier = request.value(Known::service_tier)) {
        if (tier->value.get(text) != simdjson::SUCCESS || !is_ordinary_tier(text))
            request.price_members.push_back("service_tier");
    }
    for (const Known known : {Known::inference_geo, Known::prediction, Known::audio}) {
        if (request.value(known) != nullptr)
            request.price_members.push_back(name_of(known));
    }
    for (const Known known :
         {Known::previous_response_id, Known::conversation, Known::container, Known::prompt}) {
        if (request.value(known) == nullptr)
            continue;
        request.provider_state = true;
        request.unbounded_input = true;
    }
    if (request.value(Known::cached_content) != nullptr)
        request.unbounded_input = true;
    if (request.value(Known::web_search_options) != nullptr)
        request.hosted_tools.push_back("web_search");
    if (request.value(Known::mcp_servers) != nullptr)
        request.hosted_tools.push_back("mcp");
}

bool is_filled_array(const Member* member) {
    dom::array array;
    return member != nullptr && member->value.get(array) == simdjson::SUCCESS && array.begin() != array.end();
}

Result<void> check_messages(const Member& messages) {
    std::size_t index = 0;
    // A name of its own: the temporary that get_array returns ends before the loop begins.
    const dom::array list = messages.value.get_array().value_unsafe();
    for (const dom::element message : list) {
        if (!message.is_object())
            return client_error(fmt::format("'messages[{}]' must be an object", index));
        ++index;
    }
    return {};
}

}  // namespace

Result<void> survey(ParsedRequest& request) {
    survey_top(request);
    Survey walker(request);
    Result<void> result;
    if (request.operation == Operation::chat) {
        const Member& messages = *request.find(Known::messages);
        result = check_messages(messages);
        if (result)
            result = walker.walk(messages.value, Place::messages, 0);
    }
    const Member* system = request.format == Format::anthropic ? request.value(Known::system) : nullptr;
    if (result && system != nullptr) {
        if (!system->value.is_string() && !system->value.is_array())
            return client_error("'system' must be a string or an array");
        request.has_system = true;
        result = walker.walk(system->value, Place::system, 0);
    }
    for (const Known known : {Known::tools, Known::functions}) {
        const Member* tools = request.value(known);
        if (!result || tools == nullptr)
            continue;
        if (is_filled_array(tools))
            request.has_tools = true;
        result = walker.walk(tools->value, Place::tools, 0);
    }
    for (const Known known : {Known::cache_control, Known::modalities, Known::thinking, Known::tool_choice}) {
        const Member* member = request.value(known);
        if (!result || member == nullptr)
            continue;
        result = walker.walk(member->value, Place::system, 0);
        dom::array modalities;
        if (known != Known::modalities || member->value.get(modalities) != simdjson::SUCCESS)
            continue;
        for (const dom::element modality : modalities) {
            std::string_view name;
            if (modality.get(name) == simdjson::SUCCESS && name != "text")
                request.price_members.push_back("modalities");
        }
    }
    if (!request.hosted_tools.empty())
        request.unbounded_input = true;
    return result;
}

}  // namespace tidegate::dialect::detail
