// The sink that appends each record as one line of JSON to a file.
#pragma once

#include <tidegate/events/sink.h>

#include <memory>
#include <string>

namespace tidegate::events {

class File;

// The cursor lies in `cursor_file`, replaced behind synced lines: after a crash the last lines may come twice,
// with the same id. A line that a crash cut is removed. A file that was moved away (log rotation) is begun
// anew.
class JsonLinesSink final : public Sink {
  public:
    JsonLinesSink(std::string name, std::string path, std::string cursor_file);
    ~JsonLinesSink() override;
    const std::string& name() const override { return name_; }
    Result<std::optional<Cursor>> open() override;
    Result<> deliver(std::span<const LogRecord> records, Cursor next) override;

  private:
    Result<> open_file();
    bool was_moved() const;

    const std::string name_;
    const std::string path_;
    const std::string cursor_file_;
    std::unique_ptr<File> file_;
};

}  // namespace tidegate::events
