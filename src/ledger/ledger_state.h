// What a Ledger holds.
#pragma once

#include "ledger/context.h"

#include <tidegate/ledger/account.h>
#include <tidegate/ledger/ledger.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace tidegate::ledger {

class Ledger::State {
  public:
    State(store::LedgerStore& store, const Clock& clock, LedgerOptions options);

    std::vector<Account*> all() const;
    void run(Ledger& ledger);
    void stop();

    Context context;

    mutable std::mutex mutex;
    std::map<std::pair<std::string, AccountKind>, std::unique_ptr<Account>> accounts;

    // Upkeep, one at a time.
    std::mutex upkeep;
    Duration next_figures{};      // since boot
    Duration next_sweep{};        // since boot
    Duration wall_ahead_of_boot;  // when last looked: it changes when the wall clock jumps

    std::mutex thread_mutex;
    std::condition_variable wake;
    bool stopping = false;
    bool closed = false;
    std::thread thread;
};

}  // namespace tidegate::ledger
