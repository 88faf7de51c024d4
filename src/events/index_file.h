// One month of the index.
#pragma once

#include "sqlite.h"

#include <tidegate/events/index.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::events {

// "2026-11": the UTC month of a call id. It sorts as text.
std::string month_of(CallId id);
std::string index_path(const std::string& directory, const std::string& month);
// The months that have a file, oldest first.
std::vector<std::string> months_in(const std::string& directory);

// Of a file's tables. A file of version 1 lacks those of shadow runs; opening it for writing adds them.
constexpr std::int64_t kIndexVersion = 2;

// The writing side. One thread.
class IndexFile {
  public:
    // Makes the tables that are missing. A file of a later version counts as damaged.
    static Result<IndexFile> open(const std::string& path);

    Result<> begin() { return database_.execute("BEGIN IMMEDIATE"); }
    Result<> commit() { return database_.execute("COMMIT"); }
    void rollback() { (void)database_.execute("ROLLBACK"); }

    // A row that exists already stays as it is. Shadow runs go into a table of their own.
    Result<> insert(const CallRecord& record, const RecordPosition& position);
    Result<std::optional<Cursor>> cursor();
    Result<> set_cursor(Cursor cursor);
    // The segment of the newest row; 0 without rows.
    Result<std::uint64_t> newest_segment();

  private:
    static void bind_call(Statement& row, const CallRecord& record, const RecordPosition& position);
    static void bind_shadow(Statement& row, const Shadow& shadow);

    Database database_;
    Statement insert_;
    Statement insert_shadow_;
    Statement set_cursor_;
};

// The columns that `row_of` reads, for a SELECT.
extern const std::string_view kIndexColumns;
// Those that the table `shadow_calls` has besides.
extern const std::string_view kShadowColumns;
IndexRow row_of(const Statement& statement);
std::string_view blob_of(const CallId& id);
// Not above any id of this time or later, above all earlier ones.
std::string lower_bound_id(WallTime time);

}  // namespace tidegate::events
