#include "ledger/fixture.h"

#include <filesystem>
#include <future>

#include <stdlib.h>

namespace tidegate::ledger {
namespace {

async::Task<> reserve_into(Ledger& ledger, async::IoThread& io, std::vector<Account*> accounts, Bound bound,
                           std::promise<Result<Reservation>>& done) {
    async::Cancellation cancellation;
    auto reserved = co_await ledger.reserve(io, accounts, bound, SteadyTime::max(), cancellation);
    done.set_value(std::move(reserved));
}

int month_of(const Clock& clock) {
    const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(clock.wall())};
    return static_cast<int>(day.year()) * 100 + static_cast<int>(static_cast<unsigned>(day.month()));
}

}  // namespace

Bound bound_of_cost(NanoDollars cost) {
    Bound bound;
    bound.cost = cost;
    return bound;
}

Folder::Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tidegate-ledger-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
}

Folder::~Folder() {
    std::filesystem::remove_all(path_);
}

Process::Process(const std::string& store_url, const Clock& clock, LedgerOptions options) {
    auto opened = store::open_store(store_url, clock);
    EXPECT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
    ledger = std::make_unique<Ledger>(store->ledger(), clock, std::move(options));
}

Result<Reservation> reserve_on(async::IoThread& io, Ledger& ledger, const std::vector<Account*>& accounts,
                               NanoDollars cost) {
    std::promise<Result<Reservation>> done;
    io.run_and_wait([&] { io.tasks().spawn(reserve_into(ledger, io, accounts, bound_of_cost(cost), done)); });
    return done.get_future().get();
}

SettledAttempt tell(const Reservation& reservation, NanoDollars cost, const Clock& clock) {
    return {CallId::make(clock.wall()),
            1,
            reservation.reserved(),
            cost,
            {reservation.lease(0), reservation.lease(1)}};
}

LedgerTest::LedgerTest() : process(std::make_unique<Process>(folder.store_url(), clock, by_hand())) {
    io.start();
}

LedgerTest::~LedgerTest() {
    io.stop();
}

LedgerOptions LedgerTest::by_hand() {
    LedgerOptions options;
    options.background = false;
    return options;
}

Account& LedgerTest::account(NanoDollars ceiling, const std::string& name, const std::string& timezone) {
    AccountOptions options;
    options.ceiling = ceiling;
    options.timezone = timezone;
    return ledger().account(name, AccountKind::users, options);
}

Result<Reservation> LedgerTest::reserve(const std::vector<Account*>& accounts, NanoDollars cost) {
    return reserve_on(io, ledger(), accounts, cost);
}

Result<Reservation> LedgerTest::reserve(Account& account, NanoDollars cost) {
    return reserve(std::vector<Account*>{&account}, cost);
}

void LedgerTest::settle(Reservation& reservation, NanoDollars cost) {
    records.push_back(tell(reservation, cost, clock));
    reservation.settle(cost);
}

void LedgerTest::spend(Account& account, NanoDollars worst_case, NanoDollars cost) {
    auto reserved = reserve(account, worst_case);
    ASSERT_TRUE(reserved) << reserved.error().message;
    settle(*reserved, cost);
}

void LedgerTest::read_records() {
    EXPECT_TRUE(ledger().replay(records, "log", std::to_string(++cursor)));
    records.clear();
}

store::MonthTotals LedgerTest::totals(const std::string& name, int month, const std::string& kind) {
    read_records();
    EXPECT_TRUE(process->store->ledger().flush());
    const store::AccountMonth key{name, kind, month == 0 ? month_of(clock) : month};
    const auto totals = process->store->ledger().totals("nobody", {&key, 1});
    EXPECT_TRUE(totals) << totals.error().message;
    return totals ? totals->front() : store::MonthTotals{};
}

void LedgerTest::pass(Duration time) {
    read_records();
    clock.advance(time);
    ledger().maintain();
    EXPECT_TRUE(process->store->ledger().flush());
}

void LedgerTest::restart() {
    process->crash();
    dead.push_back(std::move(process));
    process = std::make_unique<Process>(folder.store_url(), clock, by_hand());
}

}  // namespace tidegate::ledger
