// SQLite's handles with an owner, its errors as values, statements that are prepared once.
#pragma once

#include <tidegate/base/result.h>

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <sqlite3.h>

namespace tidegate::store {

struct CloseDatabase {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

// `what` was being done when the database's last call failed. `io`: the disk, the file or its lock, which may
// get better; `internal`: the statement itself.
Error sqlite_error(sqlite3* database, const std::string& what);
Result<void> execute(sqlite3* database, const char* sql);

// The statements of one connection. One thread at a time; the connection outlives it.
class Statements {
  public:
    explicit Statements(sqlite3* database) : database_(database) {}

    // Null if it cannot be prepared, which the database's error explains.
    sqlite3_stmt* get(std::string_view sql);
    sqlite3* database() const { return database_; }

  private:
    sqlite3* database_;
    std::map<std::string_view, Statement> prepared_;  // texts are constants of the code
};

// One use of a statement. Values are bound in the order of its parameters.
class Query {
  public:
    Query(Statements& statements, std::string_view sql);
    ~Query();
    Query(const Query&) = delete;
    Query& operator=(const Query&) = delete;

    Query& bind(std::int64_t value);
    Query& bind(std::string_view text);
    Query& bind(std::span<const std::uint8_t> blob);
    // True while there is a row.
    Result<bool> next();
    // Of a statement that returns no rows: how many it changed.
    Result<int> run();

    std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
    std::string text(int column) const;

  private:
    Error failed() const;

    sqlite3* database_;
    sqlite3_stmt* statement_;
    int bound_ = 0;
};

}  // namespace tidegate::store
