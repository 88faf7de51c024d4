#include "store/sqlite.h"

namespace tidegate::store {
namespace {

ErrorKind kind_of(int code) {
    switch (code) {
        case SQLITE_ERROR:
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
        case SQLITE_MISUSE:
        case SQLITE_RANGE:
        case SQLITE_TOOBIG:
            return ErrorKind::internal;
        default:
            return ErrorKind::io;
    }
}

const char* advice(int code) {
    switch (code) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return "; another process holds the store";
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return "; restore the file from a backup, or move it away to begin anew";
        case SQLITE_FULL:
            return "; free space on the disk";
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
            return "; check the folder and its permissions";
        default:
            return "";
    }
}

}  // namespace

Error sqlite_error(sqlite3* database, const std::string& what) {
    const int code = sqlite3_extended_errcode(database) & 0xff;
    const char* file = sqlite3_db_filename(database, "main");
    std::string message = what;
    message.append(" (").append(file != nullptr && *file != '\0' ? file : "store").append("): ");
    message.append(sqlite3_errmsg(database)).append(advice(code));
    return {kind_of(code), ErrorSource::gateway, std::move(message)};
}

Result<void> execute(sqlite3* database, const char* sql) {
    if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        return sqlite_error(database, "the store failed");
    return {};
}

sqlite3_stmt* Statements::get(std::string_view sql) {
    Statement& statement = prepared_[sql];
    if (!statement) {
        sqlite3_stmt* raw = nullptr;
        sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw,
                           nullptr);
        statement.reset(raw);
    }
    return statement.get();
}

Query::Query(Statements& statements, std::string_view sql)
    : database_(statements.database()), statement_(statements.get(sql)) {}

Query::~Query() {
    if (statement_ == nullptr)
        return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

Query& Query::bind(std::int64_t value) {
    sqlite3_bind_int64(statement_, ++bound_, value);
    return *this;
}

Query& Query::bind(std::string_view text) {
    sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    return *this;
}

Query& Query::bind(std::span<const std::uint8_t> blob) {
    sqlite3_bind_blob(statement_, ++bound_, blob.data(), static_cast<int>(blob.size()), SQLITE_TRANSIENT);
    return *this;
}

Result<bool> Query::next() {
    const int step = statement_ == nullptr ? SQLITE_ERROR : sqlite3_step(statement_);
    if (step == SQLITE_ROW || step == SQLITE_DONE)
        return step == SQLITE_ROW;
    return failed();
}

Result<int> Query::run() {
    const Result<bool> stepped = next();
    if (!stepped)
        return stepped.error();
    return sqlite3_changes(database_);
}

std::string Query::text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return text == nullptr ? std::string() : text;
}

Error Query::failed() const {
    return sqlite_error(database_, "the store failed");
}

}  // namespace tidegate::store
