// The only file that includes valijson. Two keywords are ours: its `pattern` is std::regex, which takes
// exponential time and overflows the stack, and its `uniqueItems` takes quadratic time.
#include "guardrails/schema_validator.h"

#include "guardrails/schema_text.h"

#include <new>
#include <string>
#include <utility>
#include <vector>

#include <re2/re2.h>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace tidegate::guardrails {
namespace {

using valijson::adapters::Adapter;
using valijson::adapters::NlohmannJsonAdapter;

constexpr std::size_t kMostSteps = 1'000'000;
constexpr std::size_t kMostUniqueItems = 256;
constexpr std::string_view kPattern = "tidegate:pattern";
constexpr std::string_view kUniqueItems = "tidegate:uniqueItems";

struct OutOfSteps {};

// Of the validation that runs on this thread: valijson makes its adapters itself and passes nothing through.
thread_local std::size_t steps_left = 0;

void spend(std::size_t steps) {
    if (steps > steps_left)
        throw OutOfSteps();
    steps_left -= steps;
}

// Made and copied for whatever valijson looks at.
class CountedAdapter : public NlohmannJsonAdapter {
  public:
    CountedAdapter(const NlohmannJsonAdapter& other) : NlohmannJsonAdapter(other) { count(); }
    CountedAdapter(const CountedAdapter& other) : NlohmannJsonAdapter(other) { count(); }
    CountedAdapter& operator=(const CountedAdapter&) = delete;
    ~CountedAdapter() override = default;

  private:
    void count() const { spend(1 + (isArray() ? getArraySize() : isObject() ? getObjectSize() : 0)); }
};

// What valijson wants of a keyword that is not its own.
template <class Own>
class OwnConstraint : public valijson::constraints::PolyConstraint {
  private:
    Constraint* cloneInto(void* place) const override {
        return new (place) Own(static_cast<const Own&>(*this));
    }
    size_t sizeOf() const override { return sizeof(Own); }
};

template <class Own>
class OwnBuilder : public valijson::ConstraintBuilder {
    valijson::constraints::Constraint* make(const Adapter& value) const override { return new Own(value); }
};

class PatternConstraint final : public OwnConstraint<PatternConstraint> {
  public:
    explicit PatternConstraint(const Adapter& value) {
        re2::RE2::Options options;
        options.set_log_errors(false);
        options.set_never_capture(true);
        expression_ = std::make_shared<const re2::RE2>(value.asString(), options);
    }

    bool validate(const Adapter& target, const std::vector<std::string>&,
                  valijson::ValidationResults*) const override {
        return !target.isString() || re2::RE2::PartialMatch(target.asString(), *expression_);
    }

  private:
    std::shared_ptr<const re2::RE2> expression_;
};

class UniqueItemsConstraint final : public OwnConstraint<UniqueItemsConstraint> {
  public:
    explicit UniqueItemsConstraint(const Adapter& value) : wanted_(value.asBool()) {}

    bool validate(const Adapter& target, const std::vector<std::string>&,
                  valijson::ValidationResults*) const override {
        using Frozen = std::unique_ptr<valijson::adapters::FrozenValue>;
        if (!wanted_ || !target.isArray())
            return true;
        std::vector<Frozen> seen;
        return target.applyToArray([&seen](const Adapter& item) {
            spend(seen.size());
            for (const Frozen& other : seen) {
                if (other->equalTo(item, true))
                    return false;
            }
            seen.emplace_back(item.freeze());
            return seen.size() <= kMostUniqueItems;
        });
    }

  private:
    bool wanted_;
};

void rename(nlohmann::json& schema, const char* from, std::string_view to) {
    const auto found = schema.find(from);
    if (found == schema.end())
        return;
    nlohmann::json value = std::move(*found);
    schema.erase(found);
    schema[std::string(to)] = std::move(value);
}

}  // namespace

struct SchemaValidator::Parsed {
    nlohmann::json text;  // which the schema may point into
    valijson::Schema schema;
};

SchemaValidator::SchemaValidator(std::unique_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}

SchemaValidator::~SchemaValidator() = default;

Result<std::unique_ptr<const SchemaValidator>> SchemaValidator::make(nlohmann::json schema) {
    for (nlohmann::json* one : schemas_within(schema)) {
        if (!one->is_object())
            continue;
        rename(*one, "pattern", kPattern);
        rename(*one, "uniqueItems", kUniqueItems);
    }
    auto parsed = std::make_unique<Parsed>();
    parsed->text = std::move(schema);
    try {
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.addConstraintBuilder(std::string(kPattern), new OwnBuilder<PatternConstraint>);
        parser.addConstraintBuilder(std::string(kUniqueItems), new OwnBuilder<UniqueItemsConstraint>);
        parser.populateSchema(NlohmannJsonAdapter(parsed->text), parsed->schema);
    } catch (const std::exception& failure) {
        return Error{ErrorKind::invalid_input, ErrorSource::gateway, failure.what()};
    }
    return std::unique_ptr<const SchemaValidator>(new SchemaValidator(std::move(parsed)));
}

bool SchemaValidator::accepts(const nlohmann::json& document) const {
    steps_left = kMostSteps;
    try {
        valijson::Validator validator;
        const CountedAdapter target{NlohmannJsonAdapter(document)};
        return validator.validate(parsed_->schema, target, nullptr);
    } catch (const OutOfSteps&) {
        return false;
    }
}

}  // namespace tidegate::guardrails
