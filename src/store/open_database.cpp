#include "store/open_database.h"

#include "store/network_file_system.h"

#include <chrono>
#include <filesystem>
#include <iterator>
#include <thread>

namespace tidegate::store {
namespace {

// Version n of the schema is reached by running the first n entries.
constexpr const char* kMigrations[] = {
    "CREATE TABLE served_prompts (version TEXT PRIMARY KEY, hash TEXT NOT NULL, first_served TEXT NOT NULL) "
    "WITHOUT ROWID",

    // Money is in nano-dollars, a deadline in nanoseconds since 1970. `open`: 1 its owner's, 2 its owner is
    // done with it, 0 closed or taken.
    "CREATE TABLE ledger_months (account TEXT NOT NULL, kind TEXT NOT NULL, month INTEGER NOT NULL, "
    "  spent INTEGER NOT NULL, forfeited INTEGER NOT NULL, leased INTEGER NOT NULL, level INTEGER NOT NULL, "
    "  PRIMARY KEY (account, kind, month)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE ledger_leases (id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, "
    "  kind TEXT NOT NULL, month INTEGER NOT NULL, owner TEXT NOT NULL, epoch INTEGER NOT NULL, "
    "  amount INTEGER NOT NULL, settled INTEGER NOT NULL, deadline INTEGER NOT NULL, open INTEGER NOT NULL) "
    "  STRICT;"
    "CREATE INDEX ledger_leases_of_month ON ledger_leases (account, kind, month) WHERE open = 1;"
    "CREATE INDEX ledger_leases_by_deadline ON ledger_leases (open, deadline);"
    "CREATE TABLE ledger_settlements (call BLOB NOT NULL, attempt INTEGER NOT NULL, "
    "  PRIMARY KEY (call, attempt)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE ledger_cursors (name TEXT PRIMARY KEY, cursor TEXT NOT NULL) STRICT, WITHOUT ROWID",
};

// How long another process may hold the file, asked again every millisecond: SQLite's own waits grow to 100 ms,
// and calls wait for leases meanwhile.
constexpr auto kBusyPatience = std::chrono::seconds{2};
int wait_while_busy(void*, int polls) {
    using std::chrono::steady_clock;
    thread_local steady_clock::time_point begun;
    if (polls == 0)
        begun = steady_clock::now();
    if (steady_clock::now() - begun >= kBusyPatience)
        return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
    return 1;
}

Result<void> run_migrations(sqlite3* database) {
    Statements statements(database);
    Query query(statements, "PRAGMA user_version");
    const Result<bool> read = query.next();
    if (!read)
        return read.error();
    const auto version = static_cast<int>(query.integer(0));
    constexpr int kNewest = static_cast<int>(std::size(kMigrations));
    if (version > kNewest) {
        return Error{ErrorKind::conflict, ErrorSource::gateway,
                     "the store was written by a newer version of Tidegate; run that one"};
    }
    for (int next = version; next < kNewest; ++next) {
        std::string sql = kMigrations[next];
        sql.append("; PRAGMA user_version = ").append(std::to_string(next + 1));
        if (auto done = execute(database, sql.c_str()); !done)
            return done;
    }
    return {};
}

// In one transaction, so that of two processes that start together the second finds the work done.
Result<void> migrate(sqlite3* database) {
    if (auto begun = execute(database, "BEGIN IMMEDIATE"); !begun)
        return begun;
    Result<void> migrated = run_migrations(database);
    if (migrated)
        migrated = execute(database, "COMMIT");
    if (!migrated)
        execute(database, "ROLLBACK").has_value();
    return migrated;
}

// Write-ahead logging needs a real file: what answers otherwise (":memory:") is no durable store.
Result<void> set_journal(sqlite3* database) {
    std::string mode;
    {
        Statements statements(database);
        Query query(statements, "PRAGMA journal_mode=WAL");
        const Result<bool> read = query.next();
        if (!read)
            return read.error();
        mode = query.text(0);
    }
    if (mode != "wal") {
        return Error{ErrorKind::invalid_input, ErrorSource::gateway,
                     "the store must be a file on a disk that takes a write-ahead log"};
    }
    return execute(database, "PRAGMA synchronous=FULL");
}

// Of several that make a new file ready at once SQLite refuses some without asking `wait_while_busy`.
Result<void> while_busy(sqlite3* database, Result<void> (*step)(sqlite3*)) {
    const auto end = std::chrono::steady_clock::now() + kBusyPatience;
    for (;;) {
        Result<void> done = step(database);
        if (done || (sqlite3_errcode(database) & 0xff) != SQLITE_BUSY ||
            std::chrono::steady_clock::now() >= end)
            return done;
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
}

}  // namespace

Result<Database> open_database(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
    std::error_code ignored;
    std::filesystem::create_directories(folder, ignored);
    if (is_on_network_file_system(folder.string())) {
        return Error{
            ErrorKind::invalid_input, ErrorSource::gateway,
            "the store's folder " + folder.string() + " is on a network file system; use a local disk"};
    }
    sqlite3* raw = nullptr;
    const int opened = sqlite3_open_v2(
        path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    Database database(raw);
    if (opened != SQLITE_OK)
        return sqlite_error(raw, "the store " + path + " cannot be opened");
    sqlite3_busy_handler(raw, wait_while_busy, nullptr);
    if (auto set = while_busy(raw, set_journal); !set)
        return set.error();
    if (auto migrated = while_busy(raw, migrate); !migrated)
        return migrated.error();
    return database;
}

}  // namespace tidegate::store
