#include "disk.h"

#include <tidegate/events/index.h>
#include <tidegate/events/recorder.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace tidegate::events {

struct Recorder::Parts {
    RecorderOptions options;
    std::unique_ptr<Log> log;
    std::unique_ptr<Query> query;
    std::vector<std::unique_ptr<SinkRunner>> runners;  // the index first

    // What every sink has taken.
    Cursor passed() const {
        Cursor least = log->synced();
        for (const auto& runner : runners) least = std::min(least, runner->passed());
        return least;
    }
};

namespace {

// Every sink, one line each. A new kind adds its line here.
std::vector<std::unique_ptr<Sink>> make_sinks(const RecorderOptions& options, Log& log) {
    const std::string& directory = options.log.directory;
    const auto cursor_file = [&](const std::string& name) { return directory + "/cursors/" + name; };
    std::vector<std::unique_ptr<Sink>> sinks;
    sinks.push_back(std::make_unique<IndexSink>(directory + "/index", [&log] { return log.oldest().segment; }));
    for (const JsonLinesOptions& each : options.json_lines)
        sinks.push_back(std::make_unique<JsonLinesSink>(each, cursor_file(each.name)));
    for (const KafkaOptions& each : options.kafka)
        sinks.push_back(std::make_unique<KafkaSink>(each, cursor_file(each.name)));
    return sinks;
}

}  // namespace

Recorder::Recorder(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Recorder::~Recorder() {
    close();
}

Result<std::unique_ptr<Recorder>> Recorder::open(RecorderOptions options, const Clock& clock,
                                                 std::vector<std::unique_ptr<Sink>> more) {
    auto parts = std::make_unique<Parts>();
    parts->options = std::move(options);
    const std::string& directory = parts->options.log.directory;
    Result<std::unique_ptr<Log>> log = Log::open(parts->options.log, clock);
    if (!log)
        return log.error();
    parts->log = std::move(*log);
    if (Result<> made = make_directory(directory + "/cursors"); !made)
        return made.error();
    parts->query = std::make_unique<Query>(*parts->log, directory + "/index");
    std::vector<std::unique_ptr<Sink>> sinks = make_sinks(parts->options, *parts->log);
    std::move(more.begin(), more.end(), std::back_inserter(sinks));
    for (std::unique_ptr<Sink>& sink : sinks)
        parts->runners.push_back(std::make_unique<SinkRunner>(*parts->log, std::move(sink), clock));
    parts->log->start_retention([parts = parts.get()] { return parts->passed(); });
    return std::unique_ptr<Recorder>(new Recorder(std::move(parts)));
}

Log& Recorder::log() {
    return *parts_->log;
}
Query& Recorder::query() {
    return *parts_->query;
}
const RecorderOptions& Recorder::options() const {
    return parts_->options;
}

std::vector<SinkStats> Recorder::sinks() const {
    std::vector<SinkStats> all;
    for (const auto& runner : parts_->runners) all.push_back(runner->stats());
    return all;
}

Duration Recorder::index_lag() const {
    return parts_->runners.front()->stats().lag;
}

void Recorder::close(Duration patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    parts_->log->close(patience);
    for (const auto& runner : parts_->runners) {
        runner->finish(std::max<Duration>(end - std::chrono::steady_clock::now(), Duration{}));
    }
}

}  // namespace tidegate::events
