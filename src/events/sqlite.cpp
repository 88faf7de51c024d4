#include "sqlite.h"

#include <sqlite3.h>

namespace tidegate::events {
namespace {

constexpr int kBusyMilliseconds = 5000;

// Damage is `malformed`, everything else an I/O error that may pass.
Error error_of(sqlite3* database, int code) {
    const int kind = code & 0xff;
    const bool damaged = kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB;
    const char* file = database != nullptr ? sqlite3_db_filename(database, "main") : nullptr;
    std::string message = file != nullptr && *file != '\0' ? std::string(file) + ": " : std::string("SQLite: ");
    message += database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
    return Error{damaged ? ErrorKind::malformed : ErrorKind::io, ErrorSource::gateway, std::move(message)};
}

}  // namespace

bool is_damage(const Error& error) {
    return error.kind == ErrorKind::malformed;
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

void Statement::bind(int index, std::int64_t value) {
    sqlite3_bind_int64(statement_.get(), index, value);
}

void Statement::bind(int index, std::string_view text) {
    // Never null: SQLite would store NULL for an empty view's null pointer.
    const char* data = text.empty() ? "" : text.data();
    sqlite3_bind_text(statement_.get(), index, data, static_cast<int>(text.size()), SQLITE_STATIC);
}

void Statement::bind_blob(int index, std::string_view bytes) {
    sqlite3_bind_blob(statement_.get(), index, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW)
        return true;
    if (code == SQLITE_DONE)
        return false;
    return error_of(sqlite3_db_handle(statement_.get()), code);
}

Result<> Statement::run() {
    for (;;) {
        const Result<bool> row = step();
        if (row && *row)
            continue;
        reset();
        if (!row)
            return row.error();
        return {};
    }
}

void Statement::reset() {
    sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    return text == nullptr
               ? std::string_view()
               : std::string_view(text,
                                  static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

std::string_view Statement::blob(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void Database::Close::operator()(sqlite3* database) const {
    sqlite3_close_v2(database);
}

Result<Database> Database::open(const std::string& path, Mode mode) {
    const int create = mode == Mode::create ? SQLITE_OPEN_CREATE : 0;
    sqlite3* handle = nullptr;
    const int code =
        sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | create, nullptr);
    Database database;
    database.database_.reset(handle);
    if (code != SQLITE_OK)
        return error_of(handle, code);
    sqlite3_busy_timeout(handle, kBusyMilliseconds);
    return database;
}

Result<> Database::execute(const char* sql) {
    const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK)
        return error_of(database_.get(), code);
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    if (code != SQLITE_OK)
        return error_of(database_.get(), code);
    return Statement(statement);
}

}  // namespace tidegate::events
