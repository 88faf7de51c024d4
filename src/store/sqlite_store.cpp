#include "store/group_writer.h"
#include "store/open_database.h"
#include "store/sqlite_ledger.h"

#include <tidegate/store/store.h>

#include <mutex>

namespace tidegate::store {
namespace {

constexpr std::string_view kScheme = "sqlite:";

class SqliteStore final : public Store {
  public:
    SqliteStore(Database reader, Database writer, const Clock& clock)
        : clock_(clock),
          reader_(std::move(reader)),
          writer_database_(std::move(writer)),
          reading_{Statements(reader_.get()), {}},
          writing_(writer_database_.get()),
          writer_(writer_database_.get()),
          ledger_(writer_, writing_, reading_) {}

    ~SqliteStore() override { close(); }

    Result<std::map<std::string, std::string>> served_hashes() override {
        const std::lock_guard lock(reading_.mutex);
        Query query(reading_.statements, "SELECT version, hash FROM served_prompts");
        std::map<std::string, std::string> hashes;
        for (;;) {
            const Result<bool> row = query.next();
            if (!row)
                return row.error();
            if (!*row)
                return hashes;
            hashes[query.text(0)] = query.text(1);
        }
    }

    void record_served(std::string name_version, std::string hash,
                       std::function<void(Result<void>)> done) override {
        Operation operation;
        operation.apply = [this, version = std::move(name_version), hash = std::move(hash)] {
            return insert_served(version, hash);
        };
        operation.keep_trying = true;  // it is told once
        if (done)
            operation.done = [done = std::move(done)](const Result<void>& result) { done(result); };
        writer_.post(std::move(operation));
    }

    LedgerStore& ledger() override { return ledger_; }
    std::string failure() const override { return writer_.failure(); }
    bool works() const override { return writer_.works(); }
    void close() override { writer_.close(); }

  private:
    Result<void> insert_served(const std::string& version, const std::string& hash) {
        Query insert(writing_, "INSERT OR IGNORE INTO served_prompts VALUES (?1, ?2, ?3)");
        const Result<int> inserted =
            insert.bind(version).bind(hash).bind(std::string_view(format_utc(clock_.wall()))).run();
        if (!inserted)
            return inserted.error();
        Query stored(writing_, "SELECT hash FROM served_prompts WHERE version = ?1");
        const Result<bool> row = stored.bind(version).next();
        if (!row)
            return row.error();
        if (stored.text(0) != hash) {
            return Error{ErrorKind::conflict, ErrorSource::gateway,
                         "prompt " + version + " was served with another content before"};
        }
        return {};
    }

    const Clock& clock_;
    Database reader_;
    Database writer_database_;
    Reading reading_;
    Statements writing_;  // the writer thread's
    GroupWriter writer_;
    SqliteLedger ledger_;
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
