#include "store/sqlite.h"

namespace tidegate::store {

Error sqlite_error(sqlite3* database, const std::string& what) {
    const int code = sqlite3_extended_errcode(database);
    const char* file = sqlite3_db_filename(database, "main");
    std::string message =
        what + " (" + (file != nullptr && *file != '\0' ? file : "store") + "): " + sqlite3_errmsg(database);
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            message += "; another process holds the store";
            break;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            message += "; restore the file from a backup, or move it away to begin anew";
            break;
        case SQLITE_FULL:
            message += "; free space on the disk";
            break;
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
            message += "; check the folder and its permissions";
            break;
        default:
            break;
    }
    return {ErrorKind::io, ErrorSource::gateway, std::move(message)};
}

Result<void> execute(sqlite3* database, const char* sql) {
    if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        return sqlite_error(database, "the store failed");
    return {};
}

Result<Statement> prepare(sqlite3* database, const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) != SQLITE_OK)
        return sqlite_error(database, "the store failed");
    return Statement(statement);
}

}  // namespace tidegate::store
