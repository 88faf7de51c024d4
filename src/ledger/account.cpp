#include "ledger/account_state.h"

#include <tidegate/ledger/account.h>

namespace tidegate::ledger {

std::string_view to_string(AccountKind kind) {
    switch (kind) {
        case AccountKind::users:
            return "users";
        case AccountKind::shadow:
            return "shadow";
        case AccountKind::evaluation:
            return "evaluation";
        case AccountKind::key:
            return "key";
    }
    return "users";
}

Account::Account(std::unique_ptr<State> state) : state_(std::move(state)) {}

Account::~Account() = default;

const std::string& Account::name() const {
    return state_->name();
}

AccountKind Account::kind() const {
    return state_->kind();
}

int Account::level() const {
    return state_->level();
}

bool Account::degrades() const {
    return state_->degrades();
}

bool Account::fits(NanoDollars worst_case) const {
    return worst_case <= state_->left();
}

NanoDollars Account::left() const {
    return state_->left();
}

AccountStats Account::stats() const {
    return state_->stats();
}

}  // namespace tidegate::ledger
