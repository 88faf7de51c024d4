// JSON Schemas, checked before they are trusted: what the validator would ignore is refused.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace tidegate::guardrails {

struct SchemaProblem {
    int line = 0;  // from 1
    int column = 0;
    std::string message;
};

// Keywords, references and patterns of the schema in `text`, which is JSON; all problems, in their order.
std::vector<SchemaProblem> check_schema_text(std::string_view text);

// All schemas that stand in this one's file, itself first.
std::vector<nlohmann::json*> schemas_within(nlohmann::json& schema);

// What is wrong with the references of a schema that passed the check above: one that leads to no schema, or
// back to itself without going into the document (`{"$ref": "#"}`), so that a validator would never come to an
// end. Empty if nothing is.
std::string check_schema_references(nlohmann::json& schema);

}  // namespace tidegate::guardrails
