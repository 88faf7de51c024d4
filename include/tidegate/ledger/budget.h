// `budget` of a feature, as it is written.
#pragma once

#include <tidegate/base/money.h>
#include <tidegate/yaml/cursor.h>

#include <string>
#include <vector>

namespace tidegate::ledger {

// A value type.
struct Budget {
    static constexpr int kDegradeFrom = 9'000;

    NanoDollars monthly;                  // the ceiling of a calendar month
    std::string timezone = "UTC";         // of the month; a name of the IANA database
    int degrade_from = kDegradeFrom;      // hundredths of a percent of the ceiling
    std::vector<std::string> at_ceiling;  // in order: variants, `cache`, answers, `reject`; not looked up here

    bool operator==(const Budget&) const = default;
};

// Reads `budget: {monthly_usd, timezone, degrade_from, at_ceiling}`. Whoever knows the feature's variants and
// answers resolves the names of `at_ceiling` and reports unknown ones.
Budget parse_budget(const yaml::Cursor& at);

}  // namespace tidegate::ledger
