// The pretended log of call records: a line "call attempt reserved cost lease epoch" each.
#pragma once

#include <tidegate/ledger/ledger.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tidegate::ledger {

inline std::string journal_line(const SettledAttempt& attempt) {
    std::ostringstream line;
    line << attempt.call.to_string() << ' ' << attempt.attempt << ' ' << attempt.reserved.count() << ' '
         << attempt.cost.count() << ' ' << attempt.leases[0].id << ' ' << attempt.leases[0].epoch << '\n';
    return line.str();
}

// The whole lines from `offset` on, which moves behind them.
inline std::vector<SettledAttempt> read_journal(const std::string& path, std::uint64_t& offset) {
    std::vector<SettledAttempt> attempts;
    std::ifstream file(path, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    for (std::string line; std::getline(file, line) && !file.eof();) {
        offset += line.size() + 1;
        std::istringstream words(line);
        std::string call;
        SettledAttempt attempt;
        std::int64_t reserved = 0;
        std::int64_t cost = 0;
        words >> call >> attempt.attempt >> reserved >> cost >> attempt.leases[0].id >> attempt.leases[0].epoch;
        attempt.call = CallId::parse(call).value_or(CallId{});
        attempt.reserved = NanoDollars{reserved};
        attempt.cost = NanoDollars{cost};
        attempts.push_back(attempt);
    }
    return attempts;
}

// Reads on from where the store says, and books it.
inline Result<void> replay_journal(Ledger& ledger, const std::string& path) {
    const auto cursor = ledger.cursor(path);
    if (!cursor)
        return cursor.error();
    std::uint64_t offset = cursor->has_value() ? std::stoull(**cursor) : 0;
    const auto attempts = read_journal(path, offset);
    return ledger.replay(attempts, path, std::to_string(offset));
}

}  // namespace tidegate::ledger
