#include <tidegate/events/options.h>
#include <tidegate/yaml/document.h>
#include <tidegate/yaml/problems.h>

#include <gtest/gtest.h>

namespace tidegate::events {
namespace {

using namespace std::chrono_literals;

struct Parsed {
    RecorderOptions options;
    std::string problems;
};

Parsed parse(std::string_view text) {
    yaml::Problems problems;
    const yaml::Document document = yaml::parse("tidegate.yaml", text, problems);
    Parsed parsed;
    parsed.options = parse_recorder_options(document.root()["records"], document.root()["events"]);
    parsed.problems = problems.text();
    return parsed;
}

TEST(RecorderOptions, DefaultsHoldWhenNothingIsWritten) {
    const Parsed parsed = parse("{}");
    EXPECT_EQ(parsed.problems, "");
    EXPECT_EQ(parsed.options.log.directory, "data/calls");
    EXPECT_TRUE(parsed.options.log.content);
    EXPECT_EQ(parsed.options.max_content, 1U << 20);
    EXPECT_EQ(parsed.options.log.keep, 24h * 30);
    EXPECT_EQ(parsed.options.log.keep_bytes, 20ULL << 30);
    EXPECT_EQ(parsed.options.log.durability, Durability::relaxed);
    EXPECT_TRUE(parsed.options.json_lines.empty());
}

TEST(RecorderOptions, EveryKeyIsRead) {
    const Parsed parsed = parse(R"(
records: {directory: /var/calls, content: none, max_content: 64KiB, keep: 7d, keep_bytes: 1GiB}
events:
  durability: strict
  sinks:
    - {jsonl: {path: a.jsonl}}
    - {jsonl: {path: b.jsonl, name: second}}
)");
    EXPECT_EQ(parsed.problems, "");
    EXPECT_EQ(parsed.options.log.directory, "/var/calls");
    EXPECT_FALSE(parsed.options.log.content);
    EXPECT_EQ(parsed.options.max_content, 0U) << "nothing is collected that is not kept";
    EXPECT_EQ(parse("records: {max_content: 64KiB}").options.max_content, 65536U);
    EXPECT_EQ(parsed.options.log.keep, 24h * 7);
    EXPECT_EQ(parsed.options.log.keep_bytes, 1ULL << 30);
    EXPECT_EQ(parsed.options.log.durability, Durability::strict);
    EXPECT_EQ(parsed.options.json_lines,
              (std::vector<JsonLinesOptions>{{"jsonl", "a.jsonl"}, {"second", "b.jsonl"}}));
}

TEST(RecorderOptions, WhatIsWrongIsSaidWithItsPlace) {
    for (const auto& [text, expected] : std::vector<std::pair<const char*, const char*>>{
             {"records: {content: redacted}", "comes with the guardrails"},
             {"records: {content: some}", "full"},
             {"records: {keeep: 1d}", "keep"},
             {"records: {max_content: 9MiB}", "at most 8MiB"},
             {"events: {sinks: [{kafka: {brokers: k1}}]}", "comes with the Kafka sink"},
             {"events: {sinks: [{jsonl: {}}, {jsonl: {}}]}", "another sink has the name `jsonl`"},
             {"events: {sinks: [{jsonl: {name: index}}]}", "another sink has the name `index`"},
             {"events: {sinks: [{jsonl: {name: ../x}}]}", "use lower-case"},
             {"events: {sinks: [{}]}", "a sink is"},
             {"events: {sinks: [{stdout: {}}]}", "stdout"},
             {"events: {durability: safe}", "strict"}}) {
        const std::string problems = parse(text).problems;
        EXPECT_NE(problems.find(expected), std::string::npos) << text << "\n" << problems;
        EXPECT_EQ(problems.find("tidegate.yaml:1:"), 0U) << problems;
    }
}

}  // namespace
}  // namespace tidegate::events
