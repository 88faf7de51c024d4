// Answers that must be JSON of a certain form.
#include "guardrails/json_text.h"
#include "guardrails/kinds.h"
#include "guardrails/schema_text.h"
#include "guardrails/schema_validator.h"

#include <fmt/format.h>

namespace tidegate::guardrails {
namespace {

constexpr std::size_t kLargestDocument = 1U << 20U;

class JsonSchemaCheck final : public TextCheck {
  public:
    explicit JsonSchemaCheck(std::unique_ptr<const SchemaValidator> validator)
        : validator_(std::move(validator)) {}

    void find(std::string_view text, std::size_t, std::size_t, std::vector<Match>& matches) const override {
        if (const std::string_view category = judge(text); !category.empty())
            matches.push_back({0, text.size(), category});
    }

    std::optional<std::size_t> longest_match() const override { return std::nullopt; }

  private:
    // The category that tripped.
    std::string_view judge(std::string_view text) const {
        if (text.size() > kLargestDocument)
            return "schema";
        nlohmann::json document;
        if (!parse_json_text(text, document))
            return "not_json";
        return validator_->accepts(document) ? "" : "schema";
    }

    std::unique_ptr<const SchemaValidator> validator_;
};

// Reports what is wrong with the schema, with its place in the file.
std::unique_ptr<const SchemaValidator> read_schema(const yaml::Cursor& at, const std::string& content) {
    const std::string file = at.input_path();
    try {
        // For the place that its message names.
        [[maybe_unused]] const auto parsed = nlohmann::json::parse(content);
    } catch (const nlohmann::json::exception& failure) {
        at.problem(fmt::format("{}: {}", file, failure.what()));
        return nullptr;
    }
    const std::vector<SchemaProblem> problems = check_schema_text(content);
    for (const SchemaProblem& problem : problems)
        at.problem(fmt::format("{}:{}:{}: {}", file, problem.line, problem.column, problem.message));
    if (!problems.empty())
        return nullptr;
    nlohmann::json schema;
    if (const auto parsed = parse_json_text(content, schema); !parsed) {
        at.problem(fmt::format("{}: {}", file, parsed.error().message));
        return nullptr;
    }
    if (const std::string problem = check_schema_references(schema); !problem.empty()) {
        at.problem(fmt::format("{}: {}", file, problem));
        return nullptr;
    }
    auto validator = SchemaValidator::make(std::move(schema));
    if (!validator) {
        at.problem(fmt::format("{}: {}", file, validator.error().message));
        return nullptr;
    }
    return std::move(*validator);
}

}  // namespace

void make_json_schema(const yaml::Cursor& at, Making making) {
    if (!at["schema"].required())
        return;
    const auto content = at["schema"].file_content();
    if (!content)
        return;
    if (auto validator = read_schema(at["schema"], *content))
        making.guardrail.text = std::make_unique<JsonSchemaCheck>(std::move(validator));
}

}  // namespace tidegate::guardrails
