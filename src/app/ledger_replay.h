// Carries what attempts cost from the log of call records to the ledger: while it runs, and after a crash from
// where it was.
#pragma once

#include <tidegate/events/sink.h>
#include <tidegate/ledger/ledger.h>

#include <string>

namespace tidegate::app {

// A sink of the log. Its cursor lies in the ledger's store, moved with what was booked; its name there is an id
// of the log's own, kept beside it, because several processes with a log each may share the store.
class LedgerReplay final : public events::Sink {
  public:
    // `directory`: of the log. The ledger outlives it.
    LedgerReplay(ledger::Ledger& ledger, std::string directory);

    const std::string& name() const override { return name_; }
    Result<std::optional<events::Cursor>> open() override;
    bool wants_content() const override { return false; }
    Result<> deliver(std::span<const events::LogRecord> records, events::Cursor next) override;

  private:
    ledger::Ledger& ledger_;
    const std::string directory_;
    const std::string name_ = "ledger";
    std::string log_id_;
};

}  // namespace tidegate::app
