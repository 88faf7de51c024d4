// What must last and is not a call record: money and served prompt versions, later overrides and audit.
#pragma once

#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>
#include <tidegate/store/ledger_store.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace tidegate::store {

// Any thread. Writes are queued to a writer thread, which commits them in groups; reads are for start and
// reload, not for an I/O thread.
class Store {
  public:
    virtual ~Store() = default;

    // Content hashes of prompt versions that have been served, by "name@version".
    virtual Result<std::map<std::string, std::string>> served_hashes() = 0;
    // Remembers the hash of a version at its first serve; the first one stays. `done` runs on the writer thread
    // when it is on disk: `conflict` if another hash was there already. After `close` it is called at once,
    // with `cancelled`.
    virtual void record_served(std::string name_version, std::string hash,
                               std::function<void(Result<void>)> done) = 0;
    // Money. Lives as long as this.
    virtual LedgerStore& ledger() = 0;
    // Why the last group could not be written; empty while all is well. For readiness.
    virtual std::string failure() const = 0;
    // Whether it is empty. Cheap.
    virtual bool works() const = 0;
    // Commits what is queued and ends the writer. Idempotent.
    virtual void close() = 0;
};

// Opens "sqlite:PATH", making the file and its folder. Errors say what to do; a network file system is refused
// because its locks cannot be relied upon.
Result<std::unique_ptr<Store>> open_store(const std::string& url, const Clock& clock);

}  // namespace tidegate::store
