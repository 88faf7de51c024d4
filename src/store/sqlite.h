// SQLite's handles with an owner, and its errors as values.
#pragma once

#include <tidegate/base/result.h>

#include <memory>
#include <string>

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

// `what` was being done when the database's last call failed.
Error sqlite_error(sqlite3* database, const std::string& what);
Result<void> execute(sqlite3* database, const char* sql);
Result<Statement> prepare(sqlite3* database, const char* sql);

}  // namespace tidegate::store
