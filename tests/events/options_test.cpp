#include <tidegate/events/options.h>
#include <tidegate/yaml/document.h>
#include <tidegate/yaml/problems.h>

#include <gtest/gtest.h>

namespace tidegate::events {
namespace {

using namespace std::chrono_literals;

const std::string kSomeFile = TIDEGATE_SOURCE_DIR "/README.md";

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
    const Parsed parsed = parse(std::string(R"(
records: {directory: /var/calls, content: none, max_content: 64KiB, keep: 7d, keep_bytes: 1GiB}
events:
  durability: strict
  sinks:
    - {jsonl: {path: a.jsonl}}
    - {jsonl: {path: b.jsonl, name: second, rotate_bytes: 64MiB, keep_files: 3}}
    - {kafka: {brokers: "k1:9092,k2:9092", topic: tidegate.calls}}
    - kafka:
        name: secured
        brokers: k3
        topic: calls
        max_message: 4MiB
        security: {protocol: sasl_ssl, ca_file: )") +
                                kSomeFile + R"(, mechanism: SCRAM-SHA-512, username: gateway, password: hush}
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
              (std::vector<JsonLinesOptions>{{"jsonl", "a.jsonl"}, {"second", "b.jsonl", 64 << 20, 3}}));
    ASSERT_EQ(parsed.options.kafka.size(), 2U);
    const KafkaOptions& plain = parsed.options.kafka[0];
    EXPECT_EQ(plain.name, "kafka");
    EXPECT_EQ(plain.brokers, "k1:9092,k2:9092");
    EXPECT_EQ(plain.topic, "tidegate.calls");
    EXPECT_EQ(plain.max_message, 1U << 20);
    EXPECT_EQ(plain.security, KafkaSecurity());
    const KafkaOptions& secured = parsed.options.kafka[1];
    EXPECT_EQ(secured.name, "secured");
    EXPECT_EQ(secured.max_message, 4U << 20);
    EXPECT_EQ(secured.security, (KafkaSecurity{"sasl_ssl", kSomeFile, "SCRAM-SHA-512", "gateway", "hush"}));
}

TEST(RecorderOptions, WhatIsWrongIsSaidWithItsPlace) {
    for (const auto& [text, expected] : std::vector<std::pair<const char*, const char*>>{
             {"records: {content: some}", "full"},
             {"records: {keeep: 1d}", "keep"},
             {"records: {max_content: 9MiB}", "at most 8MiB"},
             {"events: {sinks: [{kafka: {brokers: k1}}]}", "topic"},
             {"events: {sinks: [{kafka: {topic: calls}}]}", "brokers"},
             {"events: {sinks: [{kafka: {brokers: k1, topic: a/b}}]}", "a topic is"},
             {"events: {sinks: [{kafka: {brokers: k1, topic: c, max_message: 1KiB}}]}", "from 4KiB"},
             {"events: {sinks: [{kafka: {brokers: k1, topic: c, security: {protocol: tls}}}]}", "sasl_ssl"},
             {"events: {sinks: [{kafka: {brokers: k1, topic: c, security: {protocol: sasl_ssl}}}]}",
              "mechanism"},
             {"events: {sinks: [{kafka: {brokers: k1, topic: c, security: {username: u}}}]}", "username"},
             {"events: {sinks: [{kafka: {brokers: k1, topic: c}, jsonl: {}}]}", "one sink an item"},
             {"events: {sinks: [{kafka: {brokers: k1, topic: c, name: jsonl}}, {jsonl: {}}]}", "another sink"},
             {"events: {sinks: [{jsonl: {}}, {jsonl: {}}]}", "another sink has the name `jsonl`"},
             {"events: {sinks: [{jsonl: {name: index}}]}", "another sink has the name `index`"},
             {"events: {sinks: [{jsonl: {name: ../x}}]}", "use lower-case"},
             {"events: {sinks: [{jsonl: {keep_files: 3}}]}", "keep_files"},
             {"events: {sinks: [{jsonl: {rotate_bytes: 1MiB, keep_files: 0}}]}", "from 1"},
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
