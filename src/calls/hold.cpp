#include "calls/hold.h"

#include <tidegate/access/key_ring.h>
#include <tidegate/ledger/account.h>
#include <tidegate/ledger/ledger.h>

#include <algorithm>

#include <fmt/format.h>

namespace tidegate::calls {
namespace {

bool has_ceiling(const AttemptState& state) {
    return std::any_of(state.attempt.accounts.begin(), state.attempt.accounts.end(),
                       [](const ledger::Account* account) { return account->stats().ceiling.has_value(); });
}

bool find_bound(AttemptState& state, Hold& hold) {
    ledger::Sending sending{.request = state.attempt.request,
                            .body_bytes = state.body->size(),
                            .output_limit = state.output_limit(),
                            .context = state.model.context,
                            .price = state.model.price};
    auto bound = ledger::bound_of(sending);
    if (!bound && has_ceiling(state))
        return state.fail(Reason::invalid_request, bound.error().message);
    hold.priced = bound.has_value();
    if (bound) {
        hold.bound = *bound;
        return true;
    }
    // Where nobody sets a limit the provider may charge what it likes; the tokens are still bounded.
    ledger::Price none;
    none.unknown = true;
    const ledger::Sending unpriced{.request = sending.request,
                                   .body_bytes = sending.body_bytes,
                                   .output_limit = sending.output_limit,
                                   .context = sending.context,
                                   .price = none};
    if (auto tokens = ledger::bound_of(unpriced))
        hold.bound = *tokens;
    return true;
}

bool take_key_tokens(AttemptState& state, Hold& hold) {
    const access::Key* key = state.attempt.key;
    if (key == nullptr)
        return true;
    const std::int64_t tokens = hold.bound.tokens();
    if (key->try_take_tokens(tokens, state.now())) {
        hold.key_tokens += tokens;
        return true;
    }
    state.result.retry_after = key->wait_for_tokens(tokens, state.now());
    return state.fail(
        Reason::key_limited,
        fmt::format("the access key {} has used up its tokens_per_minute: this call may take {} tokens",
                    key->name(), tokens));
}

bool refuse_reservation(AttemptState& state, const Error& error) {
    if (error.kind == ErrorKind::cancelled)
        return state.fail(Reason::cancelled, "the client left");
    // It may fit a moment later: nobody knows yet.
    if (error.kind == ErrorKind::timeout)
        state.result.retry_after = std::chrono::seconds{1};
    // A key that has spent its month cannot be helped by another entry, a feature can.
    const auto& accounts = state.attempt.accounts;
    const bool key = std::any_of(accounts.begin(), accounts.end(), [&](const ledger::Account* account) {
        return account->kind() == ledger::AccountKind::key && !account->fits(NanoDollars{1});
    });
    return state.fail(key ? Reason::key_budget : Reason::budget, error.message);
}

void give_back_tokens(const AttemptState& state, Hold& hold) {
    const std::int64_t used = state.result.record.usage.total();
    if (state.attempt.key != nullptr && hold.key_tokens > used)
        state.attempt.key->give_back_tokens(hold.key_tokens - used);
    hold.key_tokens = 0;
}

void describe(const AttemptState& state, const Hold& hold, events::Attempt& record) {
    if (state.attempt.accounts.empty())
        return;
    record.account = to_string(state.attempt.accounts.front()->kind());
    record.reserved = hold.money.reserved();
    record.lease = hold.money.lease(0).id;
    record.lease_epoch = hold.money.lease(0).epoch;
    record.key_lease = hold.money.lease(1).id;
    record.key_lease_epoch = hold.money.lease(1).epoch;
}

}  // namespace

bool bound_worst_case(AttemptState& state, Hold& hold) {
    return find_bound(state, hold) && take_key_tokens(state, hold);
}

async::Task<bool> reserve_worst_case(AttemptState& state, Hold& hold) {
    auto reserved = co_await state.worker.ledger.reserve(state.worker.io, state.attempt.accounts, hold.bound,
                                                         state.deadline, state.attempt.cancellation);
    if (!reserved) {
        give_back_tokens(state, hold);
        co_return refuse_reservation(state, reserved.error());
    }
    hold.money = std::move(*reserved);
    co_return true;
}

bool hold_again(AttemptState& state, Hold& hold) {
    if (state.attempt.key != nullptr) {
        if (!state.attempt.key->try_take_tokens(hold.bound.tokens(), state.now()))
            return false;
        hold.key_tokens += hold.bound.tokens();
    }
    return !hold.money.open() || state.worker.ledger.reserve_again(hold.money, hold.bound).has_value();
}

void settle_hold(AttemptState& state, Hold& hold) {
    events::Attempt& record = state.result.record;
    hold.money.settle(record.cost);
    describe(state, hold, record);
    give_back_tokens(state, hold);
}

}  // namespace tidegate::calls
