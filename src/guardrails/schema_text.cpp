#include "guardrails/schema_text.h"

#include "guardrails/expression.h"

#include <tidegate/yaml/nearest.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

namespace tidegate::guardrails {
namespace {

// What the value of a keyword is made of.
enum class Part {
    data,
    schema,
    schemas,           // a list of schemas, or one
    named_schemas,     // by name
    named_conditions,  // by name, a schema or a list of names
};

struct Keyword {
    std::string_view name;
    Part value = Part::data;
    bool annotation = false;  // says nothing about a document
};

// Those of draft 7 that valijson is known to check (tests/guardrails/json_schema_test.cpp), and those that
// every validator ignores. `pattern` is checked by RE2, as is `uniqueItems` by ourselves.
constexpr Keyword kKeywords[] = {
    {"$comment", Part::data, true},
    {"$defs", Part::named_schemas, true},
    {"$id", Part::data, true},
    {"$ref"},
    {"$schema", Part::data, true},
    {"additionalItems", Part::schema},
    {"additionalProperties", Part::schema},
    {"allOf", Part::schemas},
    {"anyOf", Part::schemas},
    {"const"},
    {"contains", Part::schema},
    {"default", Part::data, true},
    {"definitions", Part::named_schemas, true},
    {"dependencies", Part::named_conditions},
    {"deprecated", Part::data, true},
    {"description", Part::data, true},
    {"else", Part::schema},
    {"enum"},
    {"examples", Part::data, true},
    {"exclusiveMaximum"},
    {"exclusiveMinimum"},
    {"if", Part::schema},
    {"items", Part::schemas},
    {"maxItems"},
    {"maxLength"},
    {"maxProperties"},
    {"maximum"},
    {"minItems"},
    {"minLength"},
    {"minProperties"},
    {"minimum"},
    {"multipleOf"},
    {"not", Part::schema},
    {"oneOf", Part::schemas},
    {"pattern"},
    {"properties", Part::named_schemas},
    {"propertyNames", Part::schema},
    {"readOnly", Part::data, true},
    {"required"},
    {"then", Part::schema},
    {"title", Part::data, true},
    {"type"},
    {"uniqueItems"},
    {"writeOnly", Part::data, true},
};

const Keyword* find_keyword(std::string_view name) {
    const auto* found = std::find_if(std::begin(kKeywords), std::end(kKeywords),
                                     [name](const Keyword& keyword) { return keyword.name == name; });
    return found == std::end(kKeywords) ? nullptr : found;
}

// What stands instead of a keyword that is refused.
std::string advice(std::string_view name) {
    if (name == "format")
        return "write a `pattern`, or say it in the `description`";
    if (name == "prefixItems")
        return "write `items` as a list";
    if (name == "dependentRequired" || name == "dependentSchemas")
        return "write `dependencies`";
    if (name == "unevaluatedProperties" || name == "patternProperties")
        return "write `additionalProperties`";
    std::vector<std::string_view> known;
    for (const Keyword& keyword : kKeywords) known.push_back(keyword.name);
    const auto meant = yaml::nearest(name, known);
    return meant ? fmt::format("did you mean `{}`?", *meant) : "leave it out";
}

// Counts what a parser has taken, so that its events have places.
class CountingIterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
    reference operator*() const { return *at_; }
    CountingIterator& operator++() {
        *furthest_ = std::max(*furthest_, ++at_);
        return *this;
    }
    CountingIterator operator++(int) {
        const CountingIterator before = *this;
        ++*this;
        return before;
    }
    bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
    bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

  private:
    const char* at_;
    const char** furthest_;
};

// The handler of nlohmann's events.
class SchemaReader {
  public:
    explicit SchemaReader(std::string_view text) : text_(text), position_(text.data()) {}

    std::vector<SchemaProblem> read() {
        const char* const end = text_.data() + text_.size();
        nlohmann::json::sax_parse(CountingIterator(text_.data(), &position_), CountingIterator(end, &position_),
                                  this);
        return std::move(problems_);
    }

    bool null() { return scalar(); }
    bool boolean(bool) { return scalar(); }
    bool number_integer(std::int64_t) { return scalar(); }
    bool number_unsigned(std::uint64_t) { return scalar(); }
    bool number_float(double, const std::string&) { return scalar(); }
    bool binary(const nlohmann::json::binary_t&) { return scalar(); }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) { return false; }

    bool string(const std::string& value) {
        if (const Level* level = inside_schema())
            check_text(*level, value);
        return true;
    }

    bool start_object(std::size_t) {
        Part part = next_part();
        // One schema where a list could be.
        if (part == Part::schemas)
            part = Part::schema;
        levels_.push_back({part, false, {}});
        return true;
    }

    bool end_object() {
        levels_.pop_back();
        return true;
    }

    bool start_array(std::size_t) {
        const Part part = next_part();
        levels_.push_back({part == Part::schemas ? Part::schemas : Part::data, true, {}});
        return true;
    }

    bool end_array() {
        levels_.pop_back();
        return true;
    }

    bool key(const std::string& name) {
        Level& level = levels_.back();
        level.key = name;
        if (level.part == Part::schema)
            check_keyword(level, name);
        return true;
    }

  private:
    struct Level {
        Part part = Part::data;
        bool list = false;
        std::string key;          // the last one
        bool refers = false;      // has `$ref`
        std::string restricts{};  // a keyword that says something, but `$ref`
    };

    bool scalar() { return true; }

    const Level* inside_schema() const {
        return !levels_.empty() && levels_.back().part == Part::schema && !levels_.back().list ? &levels_.back()
                                                                                               : nullptr;
    }

    // What the value is that begins now.
    Part next_part() const {
        if (levels_.empty())
            return Part::schema;
        const Level& level = levels_.back();
        switch (level.part) {
            case Part::data:
                return Part::data;
            case Part::schemas:
            case Part::named_schemas:
            case Part::named_conditions:
                return Part::schema;
            case Part::schema:
                break;
        }
        const Keyword* keyword = find_keyword(level.key);
        return keyword == nullptr ? Part::data : keyword->value;
    }

    void check_keyword(Level& level, const std::string& name) {
        const Keyword* keyword = find_keyword(name);
        if (keyword == nullptr) {
            report(fmt::format("the keyword `{}` is not checked by the validator, so it is refused: {}", name,
                               advice(name)));
            return;
        }
        if (name == "$id" && levels_.size() > 1)
            report("`$id` within a schema changes what references mean; leave it out");
        if (name == "$ref")
            level.refers = true;
        else if (!keyword->annotation && level.restricts.empty())
            level.restricts = name;
        if (level.refers && !level.restricts.empty()) {
            report(fmt::format("`{}` beside `$ref` is ignored; put both into `allOf`", level.restricts));
            level.refers = false;
        }
    }

    void check_text(const Level& level, const std::string& value) {
        if (level.key == "$ref" && value != "#" && !value.starts_with("#/"))
            report("only references within the file (`#/$defs/…`) are followed");
        if (level.key == "$schema" && !is_known_draft(value))
            report("is another language: the validator knows draft 7, and of later ones what draft 7 has");
        if (level.key != "pattern")
            return;
        if (auto checked = check_syntax(value); !checked)
            report(checked.error().message);
    }

    static bool is_known_draft(const std::string& uri) {
        constexpr std::string_view kDrafts[] = {"draft-06/", "draft-07/", "draft/2019-09/", "draft/2020-12/"};
        return std::any_of(std::begin(kDrafts), std::end(kDrafts),
                           [&uri](std::string_view draft) { return uri.find(draft) != std::string::npos; });
    }

    // At what was read last.
    void report(std::string message) {
        const std::string_view before = text_.substr(0, static_cast<std::size_t>(position_ - text_.data()));
        const auto line = std::count(before.begin(), before.end(), '\n') + 1;
        const std::size_t line_begin = before.rfind('\n') + 1;
        // The token ends here; it begins with its quote.
        std::size_t begin = before.size() < 2 ? 0 : before.rfind('"', before.size() - 2);
        begin = begin == std::string_view::npos || begin < line_begin ? line_begin : begin;
        problems_.push_back(
            {static_cast<int>(line), static_cast<int>(begin - line_begin) + 1, std::move(message)});
    }

    std::string_view text_;
    const char* position_;  // behind what was taken
    std::vector<Level> levels_;
    std::vector<SchemaProblem> problems_;
};

}  // namespace

std::vector<SchemaProblem> check_schema_text(std::string_view text) {
    return SchemaReader(text).read();
}

}  // namespace tidegate::guardrails
