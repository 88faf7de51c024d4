// Whose money calls spend: the accounts of features and access keys, with the ceilings that are written for
// them.
#pragma once

#include <tidegate/access/options.h>
#include <tidegate/config/snapshot.h>
#include <tidegate/ledger/account.h>
#include <tidegate/yaml/cursor.h>

#include <map>
#include <string>
#include <vector>

namespace tidegate::config {

// The accounts of one configuration. Their options take effect when that is published, not while it is read: it
// may yet be refused.
class Accounts {
  public:
    explicit Accounts(const Context& context) : context_(context) {}

    // Null where there is no ledger: for `check`.
    ledger::Account* open(const std::string& name, ledger::AccountKind kind, ledger::AccountOptions options);
    std::vector<AccountSetting> take_settings() { return std::move(settings_); }
    // Names the features that are metered only: whoever forgot a ceiling should hear of it once.
    void warn_of_unlimited(const yaml::Cursor& features) const;

  private:
    const Context& context_;
    std::vector<AccountSetting> settings_;
};

// `features.F.budget` without `at_ceiling`: the account of the feature's users. Without `budget` it is metered
// only.
ledger::Account* parse_budget(const yaml::Cursor& at, const std::string& feature, Accounts& accounts);

// Of the keys with a monthly limit, by their names.
std::map<std::string, ledger::Account*, std::less<>> open_key_accounts(const access::Options& access,
                                                                       Accounts& accounts);

}  // namespace tidegate::config
