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

// The writing side. One thread.
class IndexFile {
  public:
    // Makes the tables if they are missing. A file of another version counts as damaged.
    static Result<IndexFile> open(const std::string& path);

    Result<> begin() { return database_.execute("BEGIN IMMEDIATE"); }
    Result<> commit() { return database_.execute("COMMIT"); }
    void rollback() { (void)database_.execute("ROLLBACK"); }

    // A row that exists already stays as it is.
    Result<> insert(const CallRecord& record, const RecordPosition& position);
    Result<std::optional<Cursor>> cursor();
    Result<> set_cursor(Cursor cursor);
    // The segment of the newest row; 0 without rows.
    Result<std::uint64_t> newest_segment();

  private:
    Database database_;
    Statement insert_;
    Statement set_cursor_;
};

// The columns that `row_of` reads, for a SELECT.
extern const std::string_view kIndexColumns;
IndexRow row_of(const Statement& statement);
std::string_view blob_of(const CallId& id);

}  // namespace tidegate::events
