#include "ledger/time_zone.h"

#include <tidegate/ledger/budget.h>

namespace tidegate::ledger {

Budget parse_budget(const yaml::Cursor& at) {
    Budget budget;
    budget.monthly = at["monthly_usd"].money();
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
