#include "store/network_file_system.h"
#include "store/sqlite.h"

#include <tidegate/base/log.h>
#include <tidegate/store/store.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>

namespace tidegate::store {
namespace {

constexpr std::string_view kScheme = "sqlite:";

// Version n of the schema is reached by running the first n entries.
constexpr const char* kMigrations[] = {
    "CREATE TABLE served_prompts (version TEXT PRIMARY KEY, hash TEXT NOT NULL, first_served TEXT NOT NULL) "
    "WITHOUT ROWID",
};

Result<void> run_migrations(sqlite3* database) {
    auto statement = prepare(database, "PRAGMA user_version");
    if (!statement)
        return statement.error();
    if (sqlite3_step(statement->get()) != SQLITE_ROW)
        return sqlite_error(database, "the store cannot be read");
    const int version = sqlite3_column_int(statement->get(), 0);
    statement->reset();
    constexpr int kNewest = static_cast<int>(std::size(kMigrations));
    if (version > kNewest) {
        return Error{ErrorKind::conflict, ErrorSource::gateway,
                     "the store was written by a newer version of Tidegate; run that one"};
    }
    for (int next = version; next < kNewest; ++next) {
        const std::string sql =
            std::string(kMigrations[next]) + "; PRAGMA user_version = " + std::to_string(next + 1);
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
    auto statement = prepare(database, "PRAGMA journal_mode=WAL");
    if (!statement)
        return statement.error();
    if (sqlite3_step(statement->get()) != SQLITE_ROW)
        return sqlite_error(database, "the store cannot be opened");
    const std::string mode = reinterpret_cast<const char*>(sqlite3_column_text(statement->get(), 0));
    if (mode != "wal") {
        return Error{ErrorKind::invalid_input, ErrorSource::gateway,
                     "the store must be a file on a disk that takes a write-ahead log"};
    }
    return execute(database, "PRAGMA synchronous=FULL");
}

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
    sqlite3_busy_timeout(raw, 2000);
    if (auto set = set_journal(raw); !set)
        return set.error();
    if (auto migrated = migrate(raw); !migrated)
        return migrated.error();
    return database;
}

class SqliteStore final : public Store {
  public:
    SqliteStore(Database reader, Database writer, const Clock& clock)
        : clock_(clock), reader_(std::move(reader)), writer_(std::move(writer)), thread_([this] { run(); }) {}

    ~SqliteStore() override { close(); }

    Result<std::map<std::string, std::string>> served_hashes() override {
        const std::lock_guard lock(reader_mutex_);
        auto statement = prepare(reader_.get(), "SELECT version, hash FROM served_prompts");
        if (!statement)
            return statement.error();
        std::map<std::string, std::string> hashes;
        int step = SQLITE_OK;
        while ((step = sqlite3_step(statement->get())) == SQLITE_ROW)
            hashes[column(*statement, 0)] = column(*statement, 1);
        if (step != SQLITE_DONE)
            return sqlite_error(reader_.get(), "the store cannot be read");
        return hashes;
    }

    void record_served(std::string name_version, std::string hash,
                       std::function<void(Result<void>)> done) override {
        {
            const std::lock_guard lock(mutex_);
            if (!closed_) {
                queue_.push_back({std::move(name_version), std::move(hash), std::move(done)});
                wake_.notify_one();
                return;
            }
        }
        if (done)
            done(Error{ErrorKind::cancelled, ErrorSource::gateway, "the store is closed"});
    }

    void close() override {
        {
            const std::lock_guard lock(mutex_);
            if (closed_)
                return;
            closed_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }

  private:
    struct Served {
        std::string version;
        std::string hash;
        std::function<void(Result<void>)> done;
    };

    static std::string column(const Statement& statement, int index) {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement.get(), index));
        return text == nullptr ? std::string() : text;
    }

    void run() {
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [this] { return closed_ || !queue_.empty(); });
            if (queue_.empty())
                return;
            std::deque<Served> group;
            group.swap(queue_);
            lock.unlock();
            commit(group);
            lock.lock();
        }
    }

    void commit(std::deque<Served>& group) {
        std::vector<Result<void>> results;
        Result<void> committed = execute(writer_.get(), "BEGIN IMMEDIATE");
        if (committed) {
            for (const Served& served : group) results.push_back(insert(served));
            committed = execute(writer_.get(), "COMMIT");
        }
        if (!committed) {
            log::error("store", "{}", committed.error().message);
            execute(writer_.get(), "ROLLBACK").has_value();
        }
        for (std::size_t i = 0; i < group.size(); ++i) {
            if (group[i].done)
                group[i].done(committed ? results[i] : committed);
        }
    }

    Result<void> insert(const Served& served) {
        auto statement = prepare(writer_.get(), "INSERT OR IGNORE INTO served_prompts VALUES (?1, ?2, ?3)");
        if (!statement)
            return statement.error();
        const std::string now = format_utc(clock_.wall());
        bind(*statement, 1, served.version);
        bind(*statement, 2, served.hash);
        bind(*statement, 3, now);
        if (sqlite3_step(statement->get()) != SQLITE_DONE)
            return sqlite_error(writer_.get(), "a served prompt cannot be written");
        auto stored = prepare(writer_.get(), "SELECT hash FROM served_prompts WHERE version = ?1");
        if (!stored)
            return stored.error();
        bind(*stored, 1, served.version);
        if (sqlite3_step(stored->get()) != SQLITE_ROW || column(*stored, 0) != served.hash) {
            return Error{ErrorKind::conflict, ErrorSource::gateway,
                         "prompt " + served.version + " was served with another content before"};
        }
        return {};
    }

    static void bind(const Statement& statement, int index, const std::string& text) {
        sqlite3_bind_text(statement.get(), index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    }

    const Clock& clock_;
    std::mutex reader_mutex_;
    Database reader_;
    Database writer_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Served> queue_;
    bool closed_ = false;
    std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_store(const std::string& url, const Clock& clock) {
    if (!url.starts_with(kScheme) || url.size() == kScheme.size()) {
        return Error{ErrorKind::invalid_input, ErrorSource::gateway,
                     "store.url must be sqlite:PATH; other stores come with the fleet"};
    }
    const std::string path = url.substr(kScheme.size());
    auto writer = open_database(path);
    if (!writer)
        return writer.error();
    auto reader = open_database(path);
    if (!reader)
        return reader.error();
    return std::unique_ptr<Store>(std::make_unique<SqliteStore>(std::move(*reader), std::move(*writer), clock));
}

}  // namespace tidegate::store
