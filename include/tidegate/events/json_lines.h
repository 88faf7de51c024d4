// The sink that appends each record as one line of JSON to a file.
#pragma once

#include <tidegate/events/sink.h>

#include <cstdint>
#include <memory>
#include <string>

namespace tidegate::events {

class File;

// One `jsonl` of the configuration's `events.sinks`.
struct JsonLinesOptions {
    std::string name = "jsonl";
    std::string path;
    std::uint64_t rotate_bytes = 0;  // 0: never; whoever wants to may move the file away
    int keep_files = 10;             // rotated ones: PATH.1 is the newest

    bool operator==(const JsonLinesOptions&) const = default;
};

// The cursor lies in `cursor_file`, replaced behind synced lines: after a crash the last lines may come twice,
// with the same id. A line that a crash cut is removed. A file that was moved away (log rotation) is begun
// anew.
class JsonLinesSink final : public Sink {
  public:
    JsonLinesSink(JsonLinesOptions options, std::string cursor_file);
    ~JsonLinesSink() override;
    const std::string& name() const override { return options_.name; }
    Result<std::optional<Cursor>> open() override;
    Result<> deliver(std::span<const LogRecord> records, Cursor next) override;

  private:
    Result<> write(const std::string& lines);
    Result<> open_file();
    bool was_moved() const;
    // Makes room for `more` bytes, if they would make the file too long.
    Result<> rotate(std::size_t more);

    const JsonLinesOptions options_;
    const std::string folder_;  // of the file
    const std::string cursor_file_;
    std::unique_ptr<File> file_;
};

}  // namespace tidegate::events
