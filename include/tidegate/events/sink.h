// Where records go behind the log: the index, JSON lines, …. A sink is one file pair and one line in Recorder's
// list.
#pragma once

#include <tidegate/base/result.h>
#include <tidegate/events/log_reader.h>
#include <tidegate/events/position.h>

#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace tidegate::events {

// Called by its runner's thread only; may block. Delivery is at least once: after a crash records come again,
// with the same call id.
class Sink {
  public:
    virtual ~Sink() = default;
    // The configured name: cursors and metrics go by it.
    virtual const std::string& name() const = 0;
    // Makes ready and says where to go on; nothing for a sink that has never run. Called again after a failed
    // `deliver`.
    virtual Result<std::optional<Cursor>> open() = 0;
    // True if a sink that has never run wants everything the log still holds, false if only what is new.
    virtual bool from_the_beginning() const { return false; }
    // True if it should lag before all others when the machine is full.
    virtual bool yields() const { return false; }
    // False if records come without what was asked and answered, which then costs nothing.
    virtual bool wants_content() const { return true; }
    // Takes `records` for good, then remembers `next`. On failure the same records come again.
    virtual Result<> deliver(std::span<const LogRecord> records, Cursor next) = 0;
    // The process is about to end: a `deliver` in progress, and every later one, returns by then. Any thread.
    // For sinks that wait for somebody else.
    virtual void end_by(std::chrono::steady_clock::time_point) {}
};

}  // namespace tidegate::events
