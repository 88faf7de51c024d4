#include "config/parse_budget.h"

#include <tidegate/ledger/budget.h>

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tidegate::config {

ledger::Account* Accounts::open(const std::string& name, ledger::AccountKind kind,
                                ledger::AccountOptions options) {
    ledger::Account* account = context_.account ? context_.account(name, kind, options) : nullptr;
    settings_.push_back({name, kind, std::move(options)});
    return account;
}

void Accounts::warn_of_unlimited(const yaml::Cursor& features) const {
    constexpr std::size_t kNamed = 5;
    std::vector<std::string_view> names;
    for (const AccountSetting& setting : settings_) {
        if (setting.kind == ledger::AccountKind::users && !setting.options.ceiling)
            names.push_back(setting.name);
    }
    if (names.empty())
        return;
    const std::size_t more = names.size() - std::min(names.size(), kNamed);
    names.resize(names.size() - more);
    features.warning(fmt::format("without a budget, so metered and not limited: {}{}", fmt::join(names, ", "),
                                 more > 0 ? fmt::format(" and {} more", more) : ""));
}

ledger::Account* parse_budget(const yaml::Cursor& at, const std::string& feature, Accounts& accounts) {
    ledger::AccountOptions options;
    if (at) {
        const ledger::Budget budget = ledger::parse_budget(at);
        options.ceiling = budget.monthly;
        options.timezone = budget.timezone;
        options.degrade_from = budget.degrade_from;
    }
    return accounts.open(feature, ledger::AccountKind::users, std::move(options));
}

std::map<std::string, ledger::Account*, std::less<>> open_key_accounts(const access::Options& access,
                                                                       Accounts& accounts) {
    std::map<std::string, ledger::Account*, std::less<>> opened;
    for (const access::KeyOptions& key : access.keys) {
        if (!key.monthly)
            continue;
        ledger::AccountOptions options;
        options.ceiling = key.monthly;
        if (ledger::Account* account = accounts.open(key.name, ledger::AccountKind::key, std::move(options)))
            opened[key.name] = account;
    }
    return opened;
}

}  // namespace tidegate::config
