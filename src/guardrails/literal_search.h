// Literal strings, all looked for in one pass.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct hs_database;

namespace tidegate::guardrails {

// Immutable; any thread at the same time. Takes scratch memory of its own on each thread that searches.
class LiteralSearch {
  public:
    // For strings that are not empty. ASCII letters are found in either case, all other bytes as they are.
    // Nullptr if this machine cannot (no memory, a processor without SSE4.2).
    static std::unique_ptr<const LiteralSearch> make(const std::vector<std::string>& literals);

    // Appends which of the strings `text` holds, by their places in the list, in no order. False if it could
    // not be searched.
    bool find(std::string_view text, std::vector<int>& found) const;

  private:
    struct FreeDatabase {
        void operator()(hs_database* database) const;
    };
    explicit LiteralSearch(hs_database* database);

    std::unique_ptr<hs_database, FreeDatabase> database_;
    std::size_t number_;  // of this database in the process
};

}  // namespace tidegate::guardrails
