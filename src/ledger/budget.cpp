#include "ledger/time_zone.h"

#include <tidegate/ledger/budget.h>

namespace tidegate::ledger {
namespace {

// What sums of 64 bits stay far below with.
constexpr NanoDollars kMostMonthly{1'000'000'000'000'000'000};

}  // namespace

Budget parse_budget(const yaml::Cursor& at) {
    Budget budget;
    budget.monthly = at["monthly_usd"].money();
    if (budget.monthly > kMostMonthly)
        at["monthly_usd"].problem("must be at most a billion dollars");
    budget.timezone = at["timezone"].text(budget.timezone);
    if (const auto zone = TimeZone::find(budget.timezone); !zone) {
        at["timezone"].problem(zone.error().message);
        budget.timezone = "UTC";
    }
    budget.degrade_from = at["degrade_from"].percent_or(Budget::kDegradeFrom);
    budget.at_ceiling = at["at_ceiling"].text_list();
    at.finish();
    return budget;
}

}  // namespace tidegate::ledger
