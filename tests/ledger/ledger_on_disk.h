// A ledger for tests of what stands above it, with its store in a folder of its own.
#pragma once

#include <tidegate/ledger/ledger.h>
#include <tidegate/store/store.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

namespace tidegate::ledger::test {

class LedgerOnDisk {
  public:
    // Nothing happens by the clock unless `maintain` is called.
    explicit LedgerOnDisk(const Clock& clock) {
        std::string pattern = (std::filesystem::temp_directory_path() / "ledger-XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
        store_ = store::open_store("sqlite:" + (folder_ / "store.db").string(), clock).value();
        LedgerOptions options;
        options.background = false;
        ledger_ = std::make_unique<Ledger>(store_->ledger(), clock, std::move(options));
    }
    ~LedgerOnDisk() {
        ledger_.reset();
        store_.reset();
        std::filesystem::remove_all(folder_);
    }
    LedgerOnDisk(const LedgerOnDisk&) = delete;
    LedgerOnDisk& operator=(const LedgerOnDisk&) = delete;

    Ledger& operator*() { return *ledger_; }
    Ledger* operator->() { return ledger_.get(); }
    store::Store& store() { return *store_; }

  private:
    std::filesystem::path folder_;
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<Ledger> ledger_;
};

}  // namespace tidegate::ledger::test
