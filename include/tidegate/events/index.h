// The searchable index of the log: SQLite, one file a UTC month of the call ids. It holds search fields and the
// place in the log, no content, and can always be built again from the log.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/id.h>
#include <tidegate/base/money.h>
#include <tidegate/base/result.h>
#include <tidegate/events/call_record.h>
#include <tidegate/events/shadow_figures.h>
#include <tidegate/events/sink.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::events {

// The sink that builds it. Cursor and rows are in the same files, in the same transactions. A file that SQLite
// calls damaged is moved aside and everything is read again.
class IndexSink final : public Sink {
  public:
    // `directory` is made if it does not exist. `oldest_segment` is the log's: months of which no record is
    // left in the log are removed, but for the last two.
    explicit IndexSink(std::string directory, std::function<std::uint64_t()> oldest_segment = {});
    ~IndexSink() override;
    const std::string& name() const override { return name_; }
    Result<std::optional<Cursor>> open() override;
    bool from_the_beginning() const override { return true; }
    bool wants_content() const override { return false; }
    bool yields() const override { return true; }
    Result<> deliver(std::span<const LogRecord> records, Cursor next) override;

    // Forgets all rows and the cursor: the next `open` starts from nothing. The runner must not run.
    Result<> rebuild();

    class Files;  // the implementation

  private:
    std::string name_ = "index";
    std::unique_ptr<Files> files_;
};

// What a list shows of a call.
struct IndexRow {
    CallId id;
    std::string feature, variant, user, conversation, key, model;
    Outcome outcome = Outcome::ok;
    int status = 0;
    std::string fallback_entry;
    Duration total{};
    std::int64_t input_tokens = 0;   // all of the prompt, cached or not
    std::int64_t output_tokens = 0;  // with reasoning
    NanoDollars cost;
    RecordPosition position;
};

// All conditions hold together; empty ones do not count. Times are those of the call ids, to the millisecond.
struct IndexFilter {
    std::string feature, user, conversation;
    std::optional<Outcome> outcome;
    std::optional<int> status;
    std::optional<WallTime> since;  // inclusive
    std::optional<WallTime> until;  // exclusive
    std::optional<CallId> before;   // the last id of the page before
    std::size_t limit = 50;         // at most 1000
    bool shadow = false;            // shadow runs instead of the users' calls
};

// Reads the index on connections of its own. Any thread, one query at a time; not for an I/O thread.
class IndexQuery {
  public:
    explicit IndexQuery(std::string directory);
    ~IndexQuery();

    // A call or a shadow run; `not_found` if there is none (yet).
    Result<IndexRow> find(CallId id);
    // Newest first.
    Result<std::vector<IndexRow>> list(const IndexFilter& filter);
    // What the shadow runs of a candidate came to. Reads each of them: about a second for a million.
    Result<ShadowFigures> shadow(const ShadowFilter& filter);

    class Connections;  // the implementation

  private:
    std::unique_ptr<Connections> connections_;
};

}  // namespace tidegate::events
