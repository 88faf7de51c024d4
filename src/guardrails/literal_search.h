// Literal strings, all looked for in one pass.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct hs_database;

namespace tidegate::guardrails {

// By Hyperscan. Immutable; any thread at the same time. Takes scratch memory of its own on each thread that
// searches.
class LiteralSearch {
  public:
    // For strings that are not empty. ASCII letters are found in either case, all other bytes as they are.
    // Nullptr if this machine cannot (no memory, another architecture, a processor without SSSE3), and if a
    // string is not found wherever it stands: who relies on it lets through what it misses.
    static std::unique_ptr<const LiteralSearch> make(const std::vector<std::string>& literals);

    // Appends which of the strings `text` holds, by their places in the list, in no order. False if it could
    // not be searched.
    bool find(std::string_view text, std::vector<int>& found) const;

  private:
    struct FreeDatabase {
        void operator()(hs_database* database) const;
    };
    explicit LiteralSearch(hs_database* database);
    bool finds_all(const std::vector<std::string>& literals) const;

    std::unique_ptr<hs_database, FreeDatabase> database_;
    [[maybe_unused]] std::size_t number_;  // of this database in the process
};

}  // namespace tidegate::guardrails
