#include <tidegate/events/options.h>

#include <algorithm>
#include <set>

namespace tidegate::events {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMostContent = 8ULL << 20;

void parse_records(yaml::Cursor at, RecorderOptions& options) {
    LogOptions& log = options.log;
    log.directory = at["directory"].text("data/calls");
    if (at["content"].optional_text() == "redacted") {
        at["content"].problem("`redacted` comes with the guardrails; write `full` or `none`");
    } else {
        log.content = at["content"].choice<bool>({{"full", true}, {"none", false}}, true);
    }
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

void parse_sink(yaml::Cursor item, RecorderOptions& options, std::set<std::string>& names) {
    item.later("kafka", "comes with the Kafka sink");
    const yaml::Cursor jsonl = item["jsonl"];
    if (jsonl) {
        JsonLinesOptions& sink = options.json_lines.emplace_back();
        sink.name = jsonl["name"].text(sink.name);
        sink.path = jsonl["path"].text("data/calls.jsonl");
        jsonl.finish();
        if (!is_plain_name(sink.name))
            jsonl["name"].problem("use lower-case letters, digits, `-` and `_`");
        if (!names.insert(sink.name).second) {
            jsonl.problem("another sink has the name `" + sink.name + "`; give each its own `name`");
        }
    } else if (!item.has("kafka") && item.size() == 0) {
        item.problem("a sink is `jsonl: {path: …}`");
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
    std::set<std::string> names{"index", "log"};
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
