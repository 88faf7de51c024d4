#include <tidegate/events/options.h>

#include <algorithm>
#include <set>

namespace tidegate::events {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMostContent = 8ULL << 20;
constexpr std::size_t kMostMessage = 64ULL << 20;

enum class KeptContent { full, redacted, none };

void parse_records(yaml::Cursor at, RecorderOptions& options) {
    LogOptions& log = options.log;
    log.directory = at["directory"].text("data/calls");
    const KeptContent kept = at["content"].choice<KeptContent>(
        {{"full", KeptContent::full}, {"redacted", KeptContent::redacted}, {"none", KeptContent::none}},
        KeptContent::full);
    log.content = kept != KeptContent::none;
    options.redacted = kept == KeptContent::redacted;
    options.max_content = at["max_content"].byte_size(options.max_content);
    if (options.max_content > kMostContent)
        at["max_content"].problem("at most 8MiB");
    if (!log.content)
        options.max_content = 0;
    log.keep = at["keep"].duration(log.keep);
    log.keep_bytes = at["keep_bytes"].byte_size(log.keep_bytes);
    // A segment is the smallest thing that can be dropped.
    log.segment_bytes = std::clamp<std::uint64_t>(log.keep_bytes / 8, 1ULL << 20, log.segment_bytes);
    log.segment_age = std::clamp<Duration>(log.keep / 8, 1s, log.segment_age);
    at.finish();
}

// Names are file names of cursors and values of a metric's label.
bool is_plain_name(std::string_view name) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), plain);
}

// Kafka's own rule for the names of topics.
bool is_topic(std::string_view name) {
    const auto legal = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_' || c == '.';
    };
    return name.size() <= 249 && name != "." && name != ".." && std::all_of(name.begin(), name.end(), legal);
}

KafkaSecurity parse_security(const yaml::Cursor& at) {
    KafkaSecurity security;
    security.protocol = at["protocol"].choice<const char*>({{"plaintext", "plaintext"},
                                                            {"ssl", "ssl"},
                                                            {"sasl_plaintext", "sasl_plaintext"},
                                                            {"sasl_ssl", "sasl_ssl"}},
                                                           "plaintext");
    if (security.protocol.ends_with("ssl") && at["ca_file"]) {
        security.ca_file = at["ca_file"].input_path();
        (void)at["ca_file"].file_content();  // reports one that cannot be read
    }
    if (security.protocol.starts_with("sasl")) {
        security.mechanism = at["mechanism"].choice<const char*>(
            {{"PLAIN", "PLAIN"}, {"SCRAM-SHA-256", "SCRAM-SHA-256"}, {"SCRAM-SHA-512", "SCRAM-SHA-512"}});
        security.username = at["username"].text();
        security.password = at["password"].text();
        at["password"].hide();
    }
    at.finish();
    return security;
}

KafkaOptions parse_kafka(const yaml::Cursor& at) {
    KafkaOptions sink;
    sink.name = at["name"].text(sink.name);
    sink.brokers = at["brokers"].text();
    sink.topic = at["topic"].text();
    if (!is_topic(sink.topic))
        at["topic"].problem("a topic is at most 249 letters, digits, `.`, `_` and `-`");
    sink.max_message = at["max_message"].byte_size(sink.max_message);
    if (sink.max_message < KafkaOptions::kLeastMessage || sink.max_message > kMostMessage)
        at["max_message"].problem("from 4KiB to 64MiB");
    sink.security = parse_security(at["security"]);
    at.finish();
    return sink;
}

JsonLinesOptions parse_json_lines(const yaml::Cursor& at) {
    JsonLinesOptions sink;
    sink.name = at["name"].text(sink.name);
    sink.path = at["path"].text("data/calls.jsonl");
    sink.rotate_bytes = at["rotate_bytes"].optional_byte_size().value_or(0);
    if (sink.rotate_bytes > 0)
        sink.keep_files = static_cast<int>(at["keep_files"].integer(1, 10'000, sink.keep_files));
    at.finish();
    return sink;
}

void check_name(const yaml::Cursor& at, const std::string& name, std::set<std::string>& names) {
    if (!is_plain_name(name))
        at["name"].problem("use lower-case letters, digits, `-` and `_`");
    if (!names.insert(name).second)
        at.problem("another sink has the name `" + name + "`; give each its own `name`");
}

void parse_sink(const yaml::Cursor& item, RecorderOptions& options, std::set<std::string>& names) {
    const yaml::Cursor jsonl = item["jsonl"];
    const yaml::Cursor kafka = item["kafka"];
    if (jsonl && kafka) {
        item.problem("one sink an item of the list");
    } else if (jsonl) {
        options.json_lines.push_back(parse_json_lines(jsonl));
        check_name(jsonl, options.json_lines.back().name, names);
    } else if (kafka) {
        options.kafka.push_back(parse_kafka(kafka));
        check_name(kafka, options.kafka.back().name, names);
    } else if (item.size() == 0) {
        item.problem("a sink is `kafka: {brokers: …, topic: …}` or `jsonl: {path: …}`");
    }
    item.finish();
}

void parse_events(yaml::Cursor at, RecorderOptions& options) {
    LogOptions& log = options.log;
    log.durability = at["durability"].choice<Durability>(
        {{"relaxed", Durability::relaxed}, {"strict", Durability::strict}}, Durability::relaxed);
    // Clients wait for each group.
    if (log.durability == Durability::strict)
        log.group_interval = 1ms;
    std::set<std::string> names{"index", "ledger", "log"};
    at["sinks"].each_item([&](yaml::Cursor item) { parse_sink(item, options, names); });
    at.finish();
}

}  // namespace

RecorderOptions parse_recorder_options(yaml::Cursor records, yaml::Cursor events) {
    RecorderOptions options;
    parse_records(records, options);
    parse_events(events, options);
    return options;
}

}  // namespace tidegate::events
