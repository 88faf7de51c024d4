#include "ledger/fixture.h"

#include <filesystem>
#include <future>

#include <stdlib.h>

namespace tidegate::ledger {
namespace {

async::Task<> reserve_into(Ledger& ledger, async::IoThread& io, std::vector<Account*> accounts, Bound bound,
                           CallId call, int attempt, std::promise<Result<Reservation>>& done) {
    async::Cancellation cancellation;
    auto reserved =
        co_await ledger.reserve(io, accounts, bound, call, attempt, SteadyTime::max(), cancellation);
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

void Process::crash() {
    store->close();
    ledger.reset();
    store.reset();
}

Result<Reservation> reserve_on(async::IoThread& io, Ledger& ledger, const std::vector<Account*>& accounts,
                               NanoDollars cost, CallId call, int attempt) {
    std::promise<Result<Reservation>> done;
    io.run_and_wait([&] {
        io.tasks().spawn(reserve_into(ledger, io, accounts, bound_of_cost(cost), call, attempt, done));
    });
    return done.get_future().get();
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
    return reserve_on(io, ledger(), accounts, cost, next_call());
}

Result<Reservation> LedgerTest::reserve(Account& account, NanoDollars cost) {
    return reserve(std::vector<Account*>{&account}, cost);
}

store::MonthTotals LedgerTest::totals(const std::string& name, int month, const std::string& kind) {
    EXPECT_TRUE(process->store->ledger().flush());
    const store::AccountMonth key{name, kind, month == 0 ? month_of(clock) : month};
    const auto totals = process->store->ledger().totals("nobody", {&key, 1});
    EXPECT_TRUE(totals) << totals.error().message;
    return totals ? totals->front() : store::MonthTotals{};
}

void LedgerTest::pass(Duration time) {
    clock.advance(time);
    ledger().maintain();
    EXPECT_TRUE(process->store->ledger().flush());
}

void LedgerTest::restart() {
    process->crash();
    process = std::make_unique<Process>(folder.store_url(), clock, by_hand());
}

}  // namespace tidegate::ledger
