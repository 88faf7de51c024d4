// The money of the running gateway: its ledger, the accounts of each configuration, and what metrics show of
// them.
#include "app/gateway.h"

namespace tidegate::app {

using metrics::Metrics;

namespace {

// A key's name is no feature, and its spending is for its owner.
bool is_shown(const ledger::Account& account) {
    return account.kind() != ledger::AccountKind::key;
}

metrics::Counter& levels_of(Metrics& metrics, const ledger::Account& account, int percent) {
    return metrics.budget_level(account.name(), std::string(to_string(account.kind())), percent);
}

void observe_account(Metrics& metrics, const ledger::Account& account) {
    const std::vector<Metrics::Label> labels{{"feature", account.name()},
                                             {"account", std::string(to_string(account.kind()))}};
    metrics.observe(Metrics::Kind::gauge, "tidegate_budget_spent_usd",
                    "Settled and forfeited this month, by all processes.", labels,
                    [&account] { return account.stats().spent.to_dollars(); });
    metrics.observe(Metrics::Kind::gauge, "tidegate_budget_reserved_usd",
                    "Set aside for attempts in progress, by this process.", labels,
                    [&account] { return account.stats().reserved.to_dollars(); });
    metrics.observe(Metrics::Kind::gauge, "tidegate_budget_ceiling_usd", "The most of a month; 0: no ceiling.",
                    labels,
                    [&account] { return account.stats().ceiling.value_or(NanoDollars{}).to_dollars(); });
    metrics.observe(Metrics::Kind::gauge, "tidegate_budget_level_percent",
                    "The highest spending level that was reached this month: 50, 80, 95, 100, 0: none.", labels,
                    [&account] { return static_cast<double>(account.stats().level); });
    // From 0 on, so that the first one is seen as an increase.
    for (const int percent : ledger::kSpendingLevels) levels_of(metrics, account, percent);
}

void observe_ledger(Metrics& metrics, const ledger::Ledger& ledger) {
    metrics.observe(Metrics::Kind::counter, "tidegate_budget_above_bound_total",
                    "Attempts that cost more than was set aside for them.", {},
                    [&ledger] { return static_cast<double>(ledger.stats().above_bound); });
    metrics.observe(Metrics::Kind::counter, "tidegate_budget_lease_late_total",
                    "Attempts that did not fit because no lease came in time.", {},
                    [&ledger] { return static_cast<double>(ledger.stats().late); });
}

}  // namespace

Result<void> Gateway::open_store(const std::string& url) {
    if (store_)
        return {};
    auto store = store::open_store(url, clock_);
    if (!store)
        return store.error();
    store_ = std::move(*store);
    ledger::LedgerOptions options;
    options.on_level = [this](const ledger::Account& account, int percent) {
        if (is_shown(account))
            levels_of(metrics_, account, percent).increment();
    };
    ledger_ = std::make_unique<ledger::Ledger>(store_->ledger(), clock_, std::move(options));
    observe_ledger(metrics_, *ledger_);
    return {};
}

ledger::Account* Gateway::account(const std::string& name, ledger::AccountKind kind,
                                  const ledger::AccountOptions& options) {
    if (!ledger_)
        return nullptr;
    ledger::Account*& known = accounts_[{kind, name}];
    if (known == nullptr) {
        known = &ledger_->account(name, kind, options);
        if (is_shown(*known))
            observe_account(metrics_, *known);
    }
    return known;
}

void Gateway::apply_accounts(const config::Snapshot& snapshot) {
    ledger_->set_longest_call(snapshot.longest_call);
    for (const config::AccountSetting& setting : snapshot.accounts)
        ledger_->account(setting.name, setting.kind, setting.options);
}

}  // namespace tidegate::app
