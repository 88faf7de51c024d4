// Calls that wait for a lease: one question for all of them, an end to each wait.
#include "ledger/fixture.h"

#include <condition_variable>
#include <future>
#include <mutex>

namespace tidegate::ledger {
namespace {

using namespace std::chrono_literals;

// Hands everything on to a real store, but answers requests for leases when it is told to.
class HeldStore final : public store::LedgerStore {
  public:
    explicit HeldStore(store::LedgerStore& real) : real_(real) {}

    void lease(store::LeaseRequest request, std::function<void(Result<store::LeaseGrant>)> done) override {
        const std::lock_guard lock(mutex_);
        asked_.push_back({std::move(request), std::move(done)});
        changed_.notify_all();
    }
    // Returns when so many questions were asked since the last answer.
    void await_questions(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return asked_.size() >= count; });
    }
    std::size_t questions() {
        const std::lock_guard lock(mutex_);
        return asked_.size();
    }
    void answer() {
        for (auto& [request, done] : take()) real_.lease(std::move(request), std::move(done));
        EXPECT_TRUE(real_.flush());
    }
    void fail() {
        for (auto& [request, done] : take()) done(Error{ErrorKind::io, ErrorSource::gateway, "disk full"});
    }

    void renew(store::LeaseKey lease, WallTime deadline, std::function<void(Result<bool>)> done) override {
        real_.renew(lease, deadline, std::move(done));
    }
    void give_back(store::LeaseKey lease, NanoDollars amount, bool end) override {
        real_.give_back(lease, amount, end);
    }
    void add_spent(const store::AccountMonth& month, NanoDollars cost) override {
        real_.add_spent(month, cost);
    }
    void raise_level(const store::AccountMonth& month, int level,
                     std::function<void(Result<bool>)> done) override {
        real_.raise_level(month, level, std::move(done));
    }
    void sweep(const std::string& owner, WallTime now,
               std::function<void(Result<std::vector<store::Forfeit>>)> done) override {
        real_.sweep(owner, now, std::move(done));
    }
    Result<void> settle(std::span<const store::Settlement> settlements, const std::string& name,
                        const std::string& cursor) override {
        return real_.settle(settlements, name, cursor);
    }
    Result<std::optional<std::string>> cursor(const std::string& name) override { return real_.cursor(name); }
    Result<void> flush() override { return real_.flush(); }
    Result<std::vector<store::MonthTotals>> totals(const std::string& owner,
                                                   std::span<const store::AccountMonth> months) override {
        return real_.totals(owner, months);
    }

  private:
    using Question = std::pair<store::LeaseRequest, std::function<void(Result<store::LeaseGrant>)>>;
    std::vector<Question> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(asked_, {});
    }

    store::LedgerStore& real_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Question> asked_;
};

class WaitingTest : public LedgerTest {
  protected:
    // A call on the I/O thread, whose outcome may be waited for or not.
    struct Call {
        async::Cancellation cancellation;
        std::promise<Result<Reservation>> done;
        std::future<Result<Reservation>> outcome = done.get_future();

        bool is_waiting() const { return outcome.wait_for(0s) == std::future_status::timeout; }
    };

    WaitingTest() { calls_io.start(); }
    ~WaitingTest() override { calls_io.stop(); }

    static async::Task<> run(WaitingTest& test, Account& account, NanoDollars cost, SteadyTime deadline,
                             std::shared_ptr<Call> call) {
        Account* const accounts[] = {&account};
        auto reserved = co_await test.held_ledger.reserve(test.calls_io, accounts, bound_of_cost(cost),
                                                          deadline, call->cancellation);
        call->done.set_value(std::move(reserved));
    }
    std::shared_ptr<Call> start(NanoDollars cost, SteadyTime deadline = SteadyTime::max()) {
        auto call = std::make_shared<Call>();
        calls_io.run_and_wait([&] { calls_io.tasks().spawn(run(*this, reply, cost, deadline, call)); });
        return call;
    }
    Account& make_account() {
        AccountOptions options;
        options.ceiling = dollars(10);
        return held_ledger.account("reply", AccountKind::users, options);
    }

    HeldStore held{process->store->ledger()};
    Ledger held_ledger{held, clock, by_hand()};
    Account& reply = make_account();
    async::IoThread calls_io{"io-1", 1, clock};  // last: what is left of its calls points to the ledger
};

TEST_F(WaitingTest, AsksOnceForAllWhoWait) {
    std::vector<std::shared_ptr<Call>> calls;
    calls.push_back(start(dollars(1)));
    held.await_questions(1);
    for (int i = 0; i < 5; ++i) calls.push_back(start(dollars(1)));
    EXPECT_EQ(held.questions(), 1U);
    held.answer();
    EXPECT_TRUE(calls[0]->outcome.get());
    held.await_questions(1);
    EXPECT_EQ(held.questions(), 1U) << "one question for the five";
    held.answer();
    for (int i = 1; i <= 5; ++i) EXPECT_TRUE(calls[static_cast<std::size_t>(i)]->outcome.get()) << i;
}

TEST_F(WaitingTest, ServesThoseThatFitInTheirOrder) {
    const auto first = start(dollars(6));
    held.await_questions(1);
    const auto too_much = start(dollars(5));
    const auto third = start(dollars(3));
    const auto fourth = start(dollars(2));
    held.answer();
    held.await_questions(1);
    held.answer();
    auto one = first->outcome.get();
    auto three = third->outcome.get();
    EXPECT_TRUE(one);
    EXPECT_EQ(too_much->outcome.get().error().kind, ErrorKind::conflict);
    EXPECT_TRUE(three);
    EXPECT_EQ(fourth->outcome.get().error().kind, ErrorKind::conflict);
    EXPECT_EQ(totals().leased, dollars(9));
}

TEST_F(WaitingTest, KeepsWhatIsFreeForThoseWhoWaitAlready) {
    const auto first = start(dollars(4));
    held.await_questions(1);
    held.answer();
    first->outcome.get()->settle(NanoDollars{});
    const auto large = start(dollars(10));
    held.await_questions(1);
    const auto small = start(dollars(1));
    EXPECT_TRUE(small->is_waiting()) << "four dollars are free, but not for who comes later";
    held.answer();
    auto reserved = large->outcome.get();
    EXPECT_TRUE(reserved);
    held.await_questions(1);
    held.answer();
    EXPECT_EQ(small->outcome.get().error().kind, ErrorKind::conflict);
}

TEST_F(WaitingTest, DoesNotFitWhenNoLeaseComesInTime) {
    const auto call = start(dollars(1));
    held.await_questions(1);
    clock.advance(200ms);
    const auto late = call->outcome.get();
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().kind, ErrorKind::timeout);
    EXPECT_EQ(held_ledger.stats().late, 1U);
    held.answer();
    EXPECT_EQ(reply.left(), dollars(10)) << "what came too late is free";
    EXPECT_TRUE(start(dollars(1))->outcome.get()) << "and serves the next";
}

TEST_F(WaitingTest, EndsAtTheCallsOwnDeadline) {
    const auto call = start(dollars(1), clock.steady() + 10ms);
    held.await_questions(1);
    clock.advance(50ms);
    clock.advance(60ms);
    EXPECT_EQ(call->outcome.get().error().kind, ErrorKind::timeout);
    held.answer();
}

TEST_F(WaitingTest, EndsWhenNobodyWantsTheAnswer) {
    const auto call = start(dollars(1));
    held.await_questions(1);
    calls_io.run_and_wait([&] { call->cancellation.cancel(async::CancelReason::client_gone); });
    EXPECT_EQ(call->outcome.get().error().kind, ErrorKind::cancelled);
    held.answer();
    EXPECT_EQ(reply.stats().reserved, NanoDollars{});
    EXPECT_EQ(reply.left(), dollars(10));
}

TEST_F(WaitingTest, LeavesNothingStuckAfterThousandsOfCancelledAndLateCalls) {
    std::uint64_t random = 3;
    const auto next = [&random](std::uint64_t bound) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        return (random >> 33U) % bound;
    };
    for (int round = 0; round < 500; ++round) {
        std::vector<std::shared_ptr<Call>> calls;
        for (int i = 0; i < 10; ++i) {
            const SteadyTime deadline = next(4) == 0 ? clock.steady() + 1ms : SteadyTime::max();
            calls.push_back(start(cents(static_cast<std::int64_t>(next(300)) + 1), deadline));
        }
        for (const auto& call : calls) {
            if (next(3) == 0)
                calls_io.run_and_wait([&] { call->cancellation.cancel(async::CancelReason::client_gone); });
        }
        if (round % 100 == 0)
            clock.advance(250ms);
        while (std::any_of(calls.begin(), calls.end(), [](const auto& call) { return call->is_waiting(); }))
            next(5) == 0 ? held.fail() : held.answer();
        for (const auto& call : calls) {
            if (auto reserved = call->outcome.get(); reserved && next(2) == 0)
                reserved->settle(NanoDollars{});
            else if (reserved)
                reserved->settle(NanoDollars{1});
        }
        ASSERT_EQ(reply.stats().reserved, NanoDollars{}) << round;
    }
    held.answer();
    EXPECT_GT(reply.left(), dollars(10) - NanoDollars{5'000});
    auto all = start(reply.left());
    if (all->is_waiting()) {
        held.await_questions(1);
        held.answer();
    }
    EXPECT_TRUE(all->outcome.get()) << "every nano-dollar that is left can be had";
}

TEST_F(WaitingTest, GivesUpItsPlaceWhenTheThreadEnds) {
    const auto call = start(dollars(1));
    held.await_questions(1);
    calls_io.stop();
    held.answer();
    EXPECT_TRUE(call->is_waiting()) << "nobody answers any more, and nothing crashes";
}

TEST_F(WaitingTest, SaysThatTheStoreFails) {
    const auto call = start(dollars(1));
    held.await_questions(1);
    const auto second = start(dollars(1));
    held.fail();
    EXPECT_EQ(call->outcome.get().error().kind, ErrorKind::unavailable);
    EXPECT_EQ(second->outcome.get().error().kind, ErrorKind::unavailable);
    const auto again = start(dollars(1));
    held.await_questions(1);
    held.answer();
    EXPECT_TRUE(again->outcome.get()) << "it recovers by itself";
}

TEST_F(WaitingTest, LosesNothingOfTheLeaseWhenTheStoreFails) {
    const auto first = start(dollars(4));
    held.await_questions(1);
    held.answer();
    first->outcome.get()->settle(NanoDollars{});
    const auto second = start(dollars(5));
    held.await_questions(1);
    held.fail();
    EXPECT_EQ(second->outcome.get().error().kind, ErrorKind::unavailable);
    EXPECT_TRUE(start(dollars(4))->outcome.get()) << "what was free still is";
}

TEST_F(WaitingTest, RefusesAtOnceWhatCannotFit) {
    const auto first = start(dollars(9));
    held.await_questions(1);
    held.answer();
    auto reserved = first->outcome.get();
    EXPECT_EQ(start(dollars(2))->outcome.get().error().kind, ErrorKind::conflict) << "the figures are fresh";
    EXPECT_EQ(start(dollars(11))->outcome.get().error().kind, ErrorKind::conflict) << "more than the ceiling";
    EXPECT_EQ(held.questions(), 0U);
    clock.advance(2s);
    const auto later = start(dollars(2));
    held.await_questions(1);
    held.answer();
    EXPECT_EQ(later->outcome.get().error().kind, ErrorKind::conflict) << "old figures are asked for again";
}

}  // namespace
}  // namespace tidegate::ledger
