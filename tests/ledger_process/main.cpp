// A process with a ledger. Usage:
//   ledger_process spend STORE CEILING JOURNAL PROVIDER LEASE_MS CALL_MS
//     Calls a pretended provider, sixteen at a time, until SIGTERM. PROVIDER gets a line "cost" for each
//     answer, JOURNAL one for each record; what is in the journal is booked from there, by a cursor in the
//     store.
//   ledger_process burst STORE
//     For each line "account ceiling worst_case calls" begins so many calls at once, holds them until the last
//     is answered, and writes how many were admitted.
// Money is in nano-dollars. Writes "ready" when it begins.
#include "ledger_process/journal.h"

#include <tidegate/async/io_threads.h>
#include <tidegate/ledger/ledger.h>
#include <tidegate/store/store.h>

#include <atomic>
#include <csignal>
#include <future>
#include <iostream>
#include <random>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>
#include <unistd.h>

namespace tidegate::ledger {
namespace {

using namespace std::chrono_literals;

std::atomic<bool> stopping{false};

// A file that is only appended to, a line a write: what was written survives the process.
class Lines {
  public:
    explicit Lines(const std::string& path)
        : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
    void write(const std::string& line) const {
        if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
            std::abort();
    }

  private:
    int file_;
};

Bound bound_of_cost(NanoDollars cost) {
    Bound bound;
    bound.cost = cost;
    return bound;
}

struct Spending {
    const Clock& clock;
    Ledger& ledger;
    Account& account;
    const Lines journal;
    const Lines provider;
};

async::Task<> call_again_and_again(Spending& spending, async::IoThread& io, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Account* const accounts[] = {&spending.account};
    boost::asio::steady_timer pause(io.context());
    while (!stopping) {
        const std::uint64_t worst = random() % 1'000'000 + 1;
        const std::uint64_t spent = random() % worst + 1;
        const Bound bound = bound_of_cost(NanoDollars{static_cast<std::int64_t>(worst)});
        async::Cancellation cancellation;
        auto reserved = co_await spending.ledger.reserve(io, accounts, bound, SteadyTime::max(), cancellation);
        co_await boost::asio::post(io.context(), boost::asio::deferred);
        if (!reserved)
            continue;
        const NanoDollars cost{static_cast<std::int64_t>(spent)};
        spending.provider.write(std::to_string(spent) + "\n");
        co_await boost::asio::post(io.context(), boost::asio::deferred);
        const SettledAttempt told{
            CallId::make(spending.clock.wall()), 1, bound.cost, cost, {reserved->lease(0), LeaseId{}}};
        // The record may come before the end of the attempt, or after it.
        const bool record_first = random() % 2 == 0;
        if (record_first)
            spending.journal.write(journal_line(told));
        reserved->settle(cost);
        co_await boost::asio::post(io.context(), boost::asio::deferred);
        if (!record_first)
            spending.journal.write(journal_line(told));
        pause.expires_after(1ms);
        co_await pause.async_wait(async::as_tuple);
    }
}

int spend(char** arguments) {
    const SystemClock clock;
    const auto store = store::open_store(arguments[0], clock);
    if (!store)
        return 1;
    LedgerOptions options;
    options.shortest_lease = std::chrono::milliseconds{std::atoi(arguments[4])};
    options.longest_call = std::chrono::milliseconds{std::atoi(arguments[5])};
    options.sweep = std::min<Duration>(options.sweep, options.shortest_lease);
    options.patience = 10s;
    Ledger ledger((*store)->ledger(), clock, options);
    AccountOptions account;
    account.ceiling = NanoDollars{std::atoll(arguments[1])};
    const std::string journal = arguments[2];
    Spending spending{clock, ledger, ledger.account("reply", AccountKind::users, account), Lines(journal),
                      Lines(arguments[3])};
    std::vector<std::unique_ptr<async::IoThread>> threads;
    std::random_device seed;
    for (std::size_t i = 0; i < 2; ++i) {
        threads.push_back(std::make_unique<async::IoThread>("io", i, clock));
        async::IoThread& io = *threads.back();
        io.start();
        io.run_and_wait([&] {
            for (int call = 0; call < 8; ++call) io.tasks().spawn(call_again_and_again(spending, io, seed()));
        });
    }
    std::cout << "ready" << std::endl;
    const auto in_progress = [&threads] {
        std::size_t tasks = 0;
        for (const auto& io : threads) io->run_and_wait([&] { tasks += io->tasks().size(); });
        return tasks;
    };
    while (!stopping || in_progress() > 0) {
        // A store that another process holds is tried again, as the log's sinks do.
        static_cast<void>(replay_journal(ledger, journal));
        std::this_thread::sleep_for(5ms);
    }
    for (const auto& io : threads) io->stop();
    const bool read = replay_journal(ledger, journal).has_value();
    ledger.close();
    (*store)->close();
    return read ? 0 : 1;
}

async::Task<> call_once(Ledger& ledger, async::IoThread& io, Account& account, NanoDollars worst_case,
                        std::promise<Result<Reservation>>& done) {
    Account* const accounts[] = {&account};
    const Bound bound = bound_of_cost(worst_case);
    async::Cancellation cancellation;
    auto reserved = co_await ledger.reserve(io, accounts, bound, SteadyTime::max(), cancellation);
    done.set_value(std::move(reserved));
}

int burst(char** arguments) {
    const SystemClock clock;
    const auto store = store::open_store(arguments[0], clock);
    if (!store)
        return 1;
    LedgerOptions options;
    options.patience = 10s;
    Ledger ledger((*store)->ledger(), clock, options);
    std::vector<std::unique_ptr<async::IoThread>> threads;
    for (std::size_t i = 0; i < 4; ++i) {
        threads.push_back(std::make_unique<async::IoThread>("io", i, clock));
        threads.back()->start();
    }
    std::cout << "ready" << std::endl;
    std::string name;
    std::int64_t ceiling = 0;
    std::int64_t worst_case = 0;
    std::size_t calls = 0;
    while (std::cin >> name >> ceiling >> worst_case >> calls) {
        AccountOptions account_options;
        account_options.ceiling = NanoDollars{ceiling};
        Account& account = ledger.account(name, AccountKind::users, account_options);
        std::vector<std::promise<Result<Reservation>>> promises(calls);
        for (std::size_t i = 0; i < calls; ++i) {
            async::IoThread& io = *threads[i % threads.size()];
            boost::asio::post(io.context(), [&, i] {
                io.tasks().spawn(call_once(ledger, io, account, NanoDollars{worst_case}, promises[i]));
            });
        }
        std::vector<Result<Reservation>> held;
        for (auto& promise : promises) held.push_back(promise.get_future().get());
        std::cout << std::count_if(held.begin(), held.end(), [](const auto& each) { return each.has_value(); })
                  << std::endl;
    }
    for (const auto& io : threads) io->stop();
    ledger.close();
    return 0;
}

}  // namespace
}  // namespace tidegate::ledger

int main(int count, char** arguments) {
    std::signal(SIGTERM, [](int) { tidegate::ledger::stopping = true; });
    const std::string_view mode = count > 1 ? arguments[1] : "";
    if (mode == "spend" && count == 8)
        return tidegate::ledger::spend(arguments + 2);
    if (mode == "burst" && count == 3)
        return tidegate::ledger::burst(arguments + 2);
    std::cerr << "usage: see tests/ledger_process/main.cpp\n";
    return 64;
}
