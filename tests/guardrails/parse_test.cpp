// The section `guardrails`: what it becomes, and what is refused where.
#include "guardrails/support.h"

namespace tidegate::guardrails {
namespace {

using test::parse_one;
using test::parse_section;
using testing::AllOf;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

TEST(ParseGuardrails, ReadsNamesActionsAndStreams) {
    const auto parsed = parse_section(R"(guardrails:
  pii:         {kind: pii, categories: [email, phone, card, iban], input: redact, output: block, stream: hold}
  no-promises: {kind: forbidden, patterns: ["(?i)full refund guaranteed"], output: fallback}
  short:       {kind: length, max_characters: 4000, output: fallback, stream: observe}
  watch:       {kind: secrets, input: record}
)");
    EXPECT_EQ(parsed.problems, "");
    const auto& all = parsed.guardrails.by_name;
    ASSERT_EQ(all.size(), 4U);
    const Guardrail& pii = *all.at("pii");
    EXPECT_EQ(pii.name, "pii");
    EXPECT_EQ(pii.kind, "pii");
    EXPECT_EQ(pii.input, Action::redact);
    EXPECT_EQ(pii.output, Action::block);
    EXPECT_EQ(pii.stream, StreamMode::hold);
    EXPECT_TRUE(pii.text);
    EXPECT_FALSE(pii.remote);
    EXPECT_EQ(all.at("no-promises")->input, Action::off);
    EXPECT_EQ(all.at("no-promises")->output, Action::fallback);
    EXPECT_EQ(all.at("no-promises")->stream, StreamMode::hold);
    EXPECT_EQ(all.at("short")->stream, StreamMode::observe);
    EXPECT_EQ(all.at("watch")->input, Action::record);
    EXPECT_EQ(all.at("watch")->output, Action::off);
}

TEST(ParseGuardrails, TakesAnAbsentSection) {
    const auto parsed = parse_section("other: 1");
    EXPECT_EQ(parsed.problems, "");
    EXPECT_TRUE(parsed.guardrails.by_name.empty());
}

TEST(ParseGuardrails, KeepsTheNameOfOneThatIsWrong) {
    const auto parsed = parse_section("guardrails:\n  a: {kind: length, output: block}\n  b: {kind: non}\n");
    EXPECT_THAT(parsed.guardrails.by_name, UnorderedElementsAre(Pair("a", testing::_), Pair("b", nullptr)));
    EXPECT_THAT(parsed.problems, AllOf(HasSubstr("max_characters"), HasSubstr("there is no kind \"non\"")));
}

struct Mistake {
    std::string_view options;
    std::string_view problem;
};

TEST(ParseGuardrails, SaysWhatIsWrongWhereAndWhatToDo) {
    const Mistake mistakes[] = {
        {"output: block", "guardrails.g.kind"},
        {"kind: pi, output: block",
         "t.yaml:2:13: guardrails.g.kind: there is no kind \"pi\"; did you mean \"pii\"?"},
        {"kind: magic, output: block",
         "there is no kind \"magic\"; there are pii, secrets, forbidden, prompt_injection, length, "
         "json_schema, http, judge"},
        {"kind: secrets", "t.yaml:2:3: guardrails.g: does nothing: give `input`, `output` or both an action"},
        {"kind: secrets, output: blok", "guardrails.g.output: "},
        {"kind: secrets, output: block, colour: red", "t.yaml:2:37: guardrails.g: unknown key \"colour\""},
        {"kind: secrets, input: block, stream: hold", "guardrails.g.stream: says how outputs are checked"},
        {"kind: secrets, output: block, stream: hodl", "guardrails.g.stream: "},
        {"kind: secrets, output: block, on_failure: allow", "unknown key \"on_failure\""},
        {"kind: secrets, output: block, categories: [github_tokens]",
         "t.yaml:2:50: guardrails.g.categories[0]: there is no category \"github_tokens\"; did you mean "
         "\"github_token\"?"},
        {"kind: pii, output: block", "guardrails.g.categories: "},
        {"kind: pii, output: block, categories: []", "an empty list finds nothing"},
        {"kind: pii, output: block, categories: [e-mail]", "did you mean \"email\"?"},
        {"kind: pii, output: block, categories: [shoe_size]", "there are email, card, iban, ip, at_svnr, "},
        {"kind: length, output: block", "guardrails.g.max_characters: "},
        {"kind: length, output: block, max_characters: 0", "guardrails.g.max_characters: "},
        {"kind: length, output: redact, max_characters: 9",
         "guardrails.g.output: `length` judges whole texts and cannot redact; write `block`, `fallback` or "
         "`record`"},
        {"kind: length, input: redact, max_characters: 9", "guardrails.g.input: `length` judges whole texts"},
        {"kind: length, output: block, max_characters: 9, stream: hold",
         "guardrails.g.stream: `length` judges whole texts; write `buffer`, or `observe` to record only"},
    };
    for (const auto& [options, problem] : mistakes)
        EXPECT_THAT(parse_one(options).problems, HasSubstr(problem)) << options;
}

TEST(ParseGuardrails, ReportsAMistakeOnce) {
    for (const std::string_view options :
         {"kind: length, output: block", "kind: pii, output: block, stream: hold",
          "kind: forbidden, output: block, patterns: [\"(\"], stream: hold"}) {
        const std::string problems = parse_one(options).problems;
        EXPECT_EQ(std::count(problems.begin(), problems.end(), '\n'), 1) << problems;
    }
}

TEST(ParseGuardrails, ListsEachCategoryOnce) {
    const std::string problems = parse_one("kind: pii, output: block, categories: [zzzzzzzz]").problems;
    EXPECT_EQ(problems.find("nl_bsn"), problems.rfind("nl_bsn"));
}

TEST(GuardrailNames, AreThoseOfTheConfiguration) {
    EXPECT_EQ(to_string(Action::off), "off");
    EXPECT_EQ(to_string(Action::record), "record");
    EXPECT_EQ(to_string(Action::redact), "redact");
    EXPECT_EQ(to_string(Action::fallback), "fallback");
    EXPECT_EQ(to_string(Action::block), "block");
    EXPECT_EQ(to_string(StreamMode::hold), "hold");
    EXPECT_EQ(to_string(StreamMode::buffer), "buffer");
    EXPECT_EQ(to_string(StreamMode::observe), "observe");
    EXPECT_EQ(to_string(Direction::input), "input");
    EXPECT_EQ(to_string(Direction::output), "output");
}

}  // namespace
}  // namespace tidegate::guardrails
