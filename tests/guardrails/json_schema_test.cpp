// JSON Schemas: that each keyword that is taken is really checked, and that every other is refused.
#include "guardrails/support.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

namespace tidegate::guardrails {
namespace {

using test::categories;
using test::Parsed;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SchemaFolder : public testing::Test {
  protected:
    SchemaFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tidegate-schema-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~SchemaFolder() override { std::filesystem::remove_all(folder_); }

    Parsed parse(std::string_view schema) const {
        std::ofstream(folder_ + "/answer.json", std::ios::binary) << schema;
        return test::parse_one("kind: json_schema, schema: answer.json, output: block", {},
                               folder_ + "/t.yaml");
    }

    // What is wrong with the schema, without the place in the YAML.
    std::string problem(std::string_view schema) const {
        const std::string problems = parse(schema).problems;
        const std::size_t name = problems.find("answer.json");
        return name == std::string::npos ? problems : problems.substr(name);
    }

    std::string verdict(std::string_view schema, std::string_view document) const {
        const Parsed parsed = parse(schema);
        EXPECT_EQ(parsed.problems, "");
        if (!parsed.g)
            return "no guardrail";
        const std::vector<std::string> all = categories(*parsed.g->text, document);
        return all.empty() ? "" : all.front();
    }

    void expect(std::string_view schema, std::initializer_list<std::string_view> accepted,
                std::initializer_list<std::string_view> refused) const {
        for (const std::string_view document : accepted)
            EXPECT_EQ(verdict(schema, document), "") << schema << " " << document;
        for (const std::string_view document : refused)
            EXPECT_EQ(verdict(schema, document), "schema") << schema << " " << document;
    }

    std::string folder_;
};

using JsonSchema = SchemaFolder;

TEST_F(JsonSchema, ChecksEveryKeywordItTakes) {
    expect(R"({"type":"object"})", {"{}"}, {"[]", "1", "\"x\"", "null"});
    expect(R"({"type":["integer","null"]})", {"1", "1.0", "null", "-7"}, {"1.5", "\"1\"", "true"});
    expect(R"({"type":"number"})", {"1", "1.5", "1e3"}, {"\"1\"", "true"});
    expect(R"({"type":"boolean"})", {"true"}, {"1", "\"true\""});
    expect(R"({"enum":["a",1,null]})", {"\"a\"", "1", "null"}, {"\"b\"", "2", "\"1\"", "false"});
    expect(R"({"const":{"a":[1]}})", {R"({"a":[1]})"}, {R"({"a":[2]})", "{}"});
    expect(R"({"properties":{"a":{"type":"string"}}})", {R"({"a":"x"})", "{}", R"({"b":1})"}, {R"({"a":1})"});
    expect(R"({"required":["a","b"]})", {R"({"a":1,"b":2})"}, {R"({"a":1})"});
    expect(R"({"properties":{"a":{}},"additionalProperties":false})", {R"({"a":1})"}, {R"({"a":1,"b":2})"});
    expect(R"({"additionalProperties":{"type":"integer"}})", {R"({"a":1})"}, {R"({"a":"x"})"});
    expect(R"({"propertyNames":{"pattern":"^[a-z]+$"}})", {R"({"abc":1})"}, {R"({"A":1})"});
    expect(R"({"minProperties":1,"maxProperties":2})", {R"({"a":1})"}, {"{}", R"({"a":1,"b":2,"c":3})"});
    expect(R"({"dependencies":{"a":["b"]}})", {R"({"a":1,"b":1})", "{}"}, {R"({"a":1})"});
    expect(R"({"dependencies":{"a":{"required":["c"]}}})", {R"({"a":1,"c":1})"}, {R"({"a":1})"});
    expect(R"({"items":{"type":"integer"}})", {"[1,2]", "[]"}, {"[1,\"x\"]"});
    expect(R"({"items":[{"type":"integer"},{"type":"string"}],"additionalItems":false})", {"[1,\"x\"]", "[1]"},
           {"[\"x\"]", "[1,\"x\",2]"});
    expect(R"({"contains":{"const":7}})", {"[1,7]"}, {"[1]", "[]"});
    expect(R"({"minItems":1,"maxItems":2})", {"[1]"}, {"[]", "[1,2,3]"});
    expect(R"({"uniqueItems":true})", {"[1,2,\"1\"]", "[[1],[2]]", "[]"},
           {"[1,2,1]", "[1,1.0]", R"([{"a":1},{"a":1}])"});
    expect(R"({"uniqueItems":false})", {"[1,1]"}, {});
    expect(R"({"minLength":2,"maxLength":3})", {"\"äö\"", "\"abc\"", "\"😀😀\""},
           {"\"a\"", "\"abcd\"", "\"😀\""});
    expect(R"({"pattern":"^\\d{2}$"})", {"\"12\"", "5"}, {"\"123\"", "\"ab\""});
    expect(R"({"minimum":2,"maximum":4})", {"2", "4", "\"x\""}, {"1", "5", "1.99"});
    expect(R"({"exclusiveMinimum":2,"exclusiveMaximum":4})", {"3", "2.01"}, {"2", "4"});
    expect(R"({"multipleOf":5})", {"10", "0", "10.0"}, {"7", "7.5"});
    expect(R"({"multipleOf":0.5})", {"1.5", "2"}, {"1.3"});
    expect(R"({"allOf":[{"minimum":1},{"maximum":3}]})", {"2"}, {"0", "4"});
    expect(R"({"anyOf":[{"type":"string"},{"minimum":5}]})", {"\"x\"", "6"}, {"4"});
    expect(R"({"oneOf":[{"multipleOf":2},{"multipleOf":3}]})", {"2", "3"}, {"6", "5"});
    expect(R"({"not":{"type":"string"}})", {"1"}, {"\"x\""});
    expect(R"({"if":{"properties":{"a":{"const":1}}},"then":{"required":["b"]},"else":{"required":["c"]}})",
           {R"({"a":1,"b":1})", R"({"a":2,"c":1})"}, {R"({"a":1,"c":1})", R"({"a":2,"b":1})"});
    expect(R"({"properties":{"a":false,"b":true}})", {R"({"b":1})"}, {R"({"a":1})"});
    expect("true", {"1"}, {});
    expect("false", {}, {"1"});
}

TEST_F(JsonSchema, FollowsReferencesWithinTheFile) {
    expect(R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}})", {"\"x\""}, {"1"});
    expect(R"({"properties":{"x":{"$ref":"#/definitions/a b"}},"definitions":{"a b":{"type":"string"}}})",
           {R"({"x":"y"})"}, {R"({"x":1})"});
    expect(R"({"properties":{"x":{"$ref":"#/definitions/a%20b"}},"definitions":{"a b":{"type":"string"}}})",
           {R"({"x":"y"})"}, {R"({"x":1})"});
    // A tree.
    expect(
        R"({"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#"}}},"additionalProperties":false})",
        {R"({"children":[{"children":[]},{}]})"}, {R"({"children":[{"children":[1]}]})", R"({"x":1})"});
    expect(R"({"$id":"https://example.com/answer.json","$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}})",
           {"\"x\""}, {"1"});
}

TEST_F(JsonSchema, TakesAnnotationsAndKnownDrafts) {
    EXPECT_EQ(
        problem(
            R"({"title":"t","description":"d","$comment":"c","default":1,"examples":[{"format":"x"}],"deprecated":true,"readOnly":true,"writeOnly":false})"),
        "");
    for (const std::string_view draft :
         {"http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema",
          "https://json-schema.org/draft/2019-09/schema", "http://json-schema.org/draft-06/schema#"}) {
        EXPECT_EQ(problem(fmt::format(R"({{"$schema":"{}"}})", draft)), "");
    }
    EXPECT_THAT(problem(R"({"$schema":"http://json-schema.org/draft-04/schema#"})"),
                HasSubstr("is another language"));
}

TEST_F(JsonSchema, RefusesEveryKeywordThatTheValidatorIgnores) {
    for (const std::string_view keyword : {"prefixItems",
                                           "dependentRequired",
                                           "dependentSchemas",
                                           "unevaluatedProperties",
                                           "unevaluatedItems",
                                           "minContains",
                                           "maxContains",
                                           "format",
                                           "patternProperties",
                                           "$anchor",
                                           "$dynamicRef",
                                           "$recursiveRef",
                                           "contentEncoding",
                                           "contentMediaType",
                                           "id",
                                           "extends",
                                           "nullable",
                                           "discriminator",
                                           "propertie",
                                           "x-mine"}) {
        EXPECT_THAT(problem(fmt::format(R"({{"type":"object","{}":{{}}}})", keyword)),
                    HasSubstr(fmt::format("the keyword `{}` is not checked", keyword)));
    }
}

TEST_F(JsonSchema, SaysWhereInTheFileAndWhatToDo) {
    EXPECT_EQ(
        problem("{\n  \"properties\": {\n    \"when\": {\"type\": \"string\", \"format\": \"date\"}\n  }\n}"),
        "answer.json:3:32: the keyword `format` is not checked by the validator, so it is refused: write a "
        "`pattern`, "
        "or say it in the `description`\n");
    EXPECT_THAT(problem(R"({"propertes":{}})"), HasSubstr("did you mean `properties`?"));
    EXPECT_THAT(problem(R"({"items":[{"prefixItems":[]}]})"), HasSubstr("write `items` as a list"));
    EXPECT_THAT(parse(R"({"format":"x"})").problems, HasSubstr("t.yaml:2:34: guardrails.g.schema: "));
    // All of them.
    EXPECT_THAT(problem(R"({"format":"x","allOf":[{"$anchor":"y"}]})"),
                testing::AllOf(HasSubstr("`format`"), HasSubstr("`$anchor`")));
}

TEST_F(JsonSchema, LooksForKeywordsOnlyWhereSchemasAre) {
    EXPECT_EQ(problem(R"({"properties":{"format":{"const":{"prefixItems":1}},"pattern":{"enum":[{"x":1}]}}})"),
              "");
    expect(R"({"properties":{"pattern":{"type":"integer"},"uniqueItems":{"type":"string"}}})",
           {R"({"pattern":1,"uniqueItems":"x"})"}, {R"({"pattern":"x"})", R"({"uniqueItems":true})"});
    for (const std::string_view inside :
         {R"("properties":{"a":{}})", R"("items":{})", R"("items":[{}])", R"("allOf":[{}])", R"("not":{})",
          R"("if":{})", R"("additionalProperties":{})", R"("$defs":{"a":{}})", R"("dependencies":{"a":{}})",
          R"("contains":{})", R"("propertyNames":{})", R"("anyOf":[true,{}])"}) {
        std::string schema = "{" + std::string(inside) + "}";
        schema.insert(schema.rfind("{}") + 1, R"("format":"x")");
        EXPECT_THAT(problem(schema), HasSubstr("the keyword `format`")) << schema;
    }
}

TEST_F(JsonSchema, RefusesReferencesThatItCannotFollow) {
    EXPECT_THAT(problem(R"({"$ref":"other.json"})"), HasSubstr("only references within the file"));
    EXPECT_THAT(problem(R"({"$ref":"https://example.com/x"})"), HasSubstr("only references within the file"));
    EXPECT_THAT(problem(R"({"$ref":"#name"})"), HasSubstr("only references within the file"));
    EXPECT_THAT(problem(R"({"$ref":"#/$defs/x"})"), HasSubstr("leads to no schema"));
    EXPECT_THAT(problem(R"({"$ref":"#/properties","properties":{}})"), HasSubstr("`properties` beside `$ref`"));
    EXPECT_THAT(problem(R"({"items":{"$ref":"#/enum/0"},"enum":[{}]})"), HasSubstr("leads to no schema"));
    EXPECT_THAT(problem(R"({"items":{"$id":"x"}})"), HasSubstr("`$id` within a schema"));
}

TEST_F(JsonSchema, RefusesWhatStandsIgnoredBesideAReference) {
    EXPECT_THAT(problem(R"({"properties":{"a":{"$ref":"#/$defs/b","minLength":1}},"$defs":{"b":{}}})"),
                HasSubstr("`minLength` beside `$ref` is ignored"));
    EXPECT_EQ(problem(R"({"properties":{"a":{"$ref":"#/$defs/b","description":"d"}},"$defs":{"b":{}}})"), "");
}

TEST_F(JsonSchema, RefusesReferencesWithoutEnd) {
    EXPECT_THAT(problem(R"({"$ref":"#"})"), HasSubstr("leads back to itself"));
    EXPECT_THAT(
        problem(
            R"({"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"}]},"b":{"$ref":"#/$defs/a"}}})"),
        HasSubstr("leads back to itself"));
    EXPECT_THAT(problem(R"({"if":{"not":{"$ref":"#"}}})"), HasSubstr("leads back to itself"));
}

TEST_F(JsonSchema, RefusesASchemaThatIsNone) {
    EXPECT_THAT(problem("{"), HasSubstr("parse error at line 1"));
    EXPECT_THAT(problem(R"({"type":"object","type":"array"})"), HasSubstr("names a member twice"));
    EXPECT_THAT(problem(R"({"type":"strin"})"), HasSubstr("answer.json: "));
    EXPECT_THAT(problem(R"json({"pattern":"(?=x)"})json"), HasSubstr("is no pattern that RE2 takes"));
    EXPECT_THAT(problem(R"({"minLength":"x"})"), HasSubstr("answer.json: "));
    EXPECT_THAT(problem(R"({"required":"a"})"), HasSubstr("answer.json: "));
    EXPECT_THAT(problem("7"), HasSubstr("answer.json: "));
    EXPECT_THAT(problem(""), HasSubstr("answer.json: "));
    EXPECT_THAT(test::parse_one("kind: json_schema, schema: none.json, output: block", {}, folder_ + "/t.yaml")
                    .problems,
                HasSubstr("none.json"));
}

TEST_F(JsonSchema, WatchesTheFile) {
    EXPECT_THAT(parse("{}").files, testing::Contains(folder_ + "/answer.json"));
    EXPECT_THAT(parse("{").files, testing::Contains(folder_ + "/answer.json"));
}

TEST_F(JsonSchema, ReadsAnswersStrictly) {
    EXPECT_EQ(verdict("{}", " {\"a\": 1}\n"), "");
    for (const std::string_view text : {"", "hello", "{", "{\"a\":1} and more", "```json\n{}\n```", "{'a':1}",
                                        "{\"a\":1,}", "\"\xff\"", "NaN", "// x\n1"}) {
        EXPECT_EQ(verdict("{}", text), "not_json") << text;
    }
    EXPECT_EQ(verdict("{}", R"({"a":1,"a":2})"), "not_json") << "readers disagree about which one counts";
    EXPECT_EQ(verdict("{}", R"({"a":1,"\u0061":2})"), "not_json");
    EXPECT_EQ(verdict("{}", R"([{"a":1},{"a":2}])"), "");
}

TEST_F(JsonSchema, BoundsDepthAndSize) {
    const std::string depth_64 = std::string(64, '[') + std::string(64, ']');
    EXPECT_EQ(verdict("{}", depth_64), "");
    EXPECT_EQ(verdict("{}", "[" + depth_64 + "]"), "not_json");
    EXPECT_EQ(verdict("{}", std::string(2'000'000, '[')), "schema");
    EXPECT_EQ(verdict("{}", "\"" + std::string(2'000'000, 'x') + "\""), "schema");
}

TEST_F(JsonSchema, GivesUpOnDocumentsThatTakeTooManySteps) {
    // Each level is tried in two ways: 2^60 steps without a bound.
    constexpr std::string_view kSchema =
        R"({"anyOf":[{"properties":{"a":{"$ref":"#"}},"required":["b"]},{"properties":{"a":{"$ref":"#"}},"required":["c"]}]})";
    std::string document = "1";
    for (int level = 0; level < 60; ++level) document = fmt::format(R"({{"a":{}}})", document);
    EXPECT_EQ(verdict(kSchema, document), "schema");
    EXPECT_EQ(verdict(kSchema, R"({"a":{"c":1},"b":1})"), "");
    // Uniqueness is quadratic.
    std::string numbers;
    for (int i = 0; i < 257; ++i) numbers += fmt::format("{}{}", i == 0 ? "" : ",", i);
    EXPECT_EQ(verdict(R"({"uniqueItems":true})", "[" + numbers + "]"), "schema");
    EXPECT_EQ(verdict(R"({"uniqueItems":true})", "[" + numbers.substr(0, numbers.rfind(',')) + "]"), "");
}

TEST_F(JsonSchema, TakesLongTextForAPattern) {
    // std::regex would overflow the stack.
    EXPECT_EQ(verdict(R"({"pattern":"^(?:a|b)*$"})", "\"" + std::string(500'000, 'a') + "\""), "");
    EXPECT_EQ(verdict(R"({"pattern":"(a+)+$"})", "\"" + std::string(500'000, 'a') + "b\""), "schema");
}

}  // namespace
}  // namespace tidegate::guardrails
