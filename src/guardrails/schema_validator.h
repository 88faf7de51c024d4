// A JSON Schema that documents are validated against, within bounds.
#pragma once

#include <tidegate/base/result.h>

#include <memory>

#include <nlohmann/json.hpp>

namespace tidegate::guardrails {

// Immutable; any thread.
class SchemaValidator {
  public:
    // `schema` has passed check_schema_text and check_schema_references. Errors are `invalid_input`.
    static Result<std::unique_ptr<const SchemaValidator>> make(nlohmann::json schema);
    ~SchemaValidator();
    SchemaValidator(const SchemaValidator&) = delete;
    SchemaValidator& operator=(const SchemaValidator&) = delete;

    // False also for a document that takes too many steps: alternatives within alternatives multiply.
    bool accepts(const nlohmann::json& document) const;

  private:
    struct Parsed;
    explicit SchemaValidator(std::unique_ptr<const Parsed> parsed);

    std::unique_ptr<const Parsed> parsed_;
};

}  // namespace tidegate::guardrails
