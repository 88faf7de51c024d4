#include "guardrails/schema_text.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

namespace tidegate::guardrails {
namespace {

using nlohmann::json;

// `%41` is `A`: a reference is the fragment of a URI.
std::string percent_decoded(std::string_view text) {
    std::string decoded;
    while (!text.empty()) {
        unsigned char byte = 0;
        const char* const digits = text.data() + 1;
        const bool escape = text.size() >= 3 && text[0] == '%' &&
                            std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
        decoded += escape ? static_cast<char>(byte) : text[0];
        text.remove_prefix(escape ? 3 : 1);
    }
    return decoded;
}

// Not through references.
void collect_schemas(json& schema, std::vector<json*>& schemas) {
    if (!schema.is_object() && !schema.is_boolean())
        return;
    schemas.push_back(&schema);
    if (!schema.is_object())
        return;
    for (const char* name : {"additionalItems", "additionalProperties", "contains", "else", "if", "items",
                             "not", "propertyNames", "then"}) {
        if (const auto found = schema.find(name); found != schema.end())
            collect_schemas(*found, schemas);
    }
    for (const char* name : {"$defs", "allOf", "anyOf", "definitions", "dependencies", "oneOf", "properties"}) {
        if (const auto found = schema.find(name); found != schema.end() && found->is_structured()) {
            for (json& one : *found) collect_schemas(one, schemas);
        }
    }
    if (const auto items = schema.find("items"); items != schema.end() && items->is_array()) {
        for (json& one : *items) collect_schemas(one, schemas);
    }
}

class SchemaGraph {
  public:
    explicit SchemaGraph(json& root) : root_(root), schemas_(schemas_within(root)) {}

    std::string problem() {
        for (const json* schema : schemas_) {
            if (std::string found = follow(*schema); !found.empty())
                return found;
        }
        return {};
    }

  private:
    enum class State { open, done };

    const json* target(const std::string& reference) const {
        const std::string pointer = percent_decoded(std::string_view(reference).substr(1));
        try {
            const json& found = root_.at(json::json_pointer(pointer));
            return std::find(schemas_.begin(), schemas_.end(), &found) == schemas_.end() ? nullptr : &found;
        } catch (const json::exception&) {
            return nullptr;
        }
    }

    // Through everything that is applied to the same place of a document.
    std::string follow(const json& schema) {
        if (!schema.is_object())
            return {};
        const auto [state, is_new] = states_.emplace(&schema, State::open);
        if (!is_new)
            return state->second == State::open
                       ? "a reference leads back to itself; a validator would never end"
                       : "";
        std::string problem = follow_all(schema);
        states_[&schema] = State::done;
        return problem;
    }

    std::string follow_all(const json& schema) {
        if (const auto reference = schema.find("$ref"); reference != schema.end()) {
            const json* found = reference->is_string() ? target(reference->get<std::string>()) : nullptr;
            if (found == nullptr)
                return fmt::format("the reference {} leads to no schema", reference->dump());
            return follow(*found);
        }
        for (const char* name : {"else", "if", "not", "then"}) {
            if (const auto found = schema.find(name); found != schema.end()) {
                if (std::string problem = follow(*found); !problem.empty())
                    return problem;
            }
        }
        for (const char* name : {"allOf", "anyOf", "dependencies", "oneOf"}) {
            const auto found = schema.find(name);
            if (found == schema.end() || !found->is_structured())
                continue;
            for (const json& one : *found) {
                if (std::string problem = follow(one); !problem.empty())
                    return problem;
            }
        }
        return {};
    }

    const json& root_;
    std::vector<json*> schemas_;
    std::map<const json*, State> states_;
};

}  // namespace

std::vector<nlohmann::json*> schemas_within(nlohmann::json& schema) {
    std::vector<json*> schemas;
    collect_schemas(schema, schemas);
    return schemas;
}

std::string check_schema_references(nlohmann::json& schema) {
    return SchemaGraph(schema).problem();
}

}  // namespace tidegate::guardrails
