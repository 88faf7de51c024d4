#include "guardrails/literal_search.h"

#include <atomic>
#include <limits>

#include <hs/hs.h>

namespace tidegate::guardrails {
namespace {

std::atomic<std::size_t> databases{0};

// Of one thread, for whichever database: it grows to what the most demanding one needs.
class Scratch {
  public:
    ~Scratch() { hs_free_scratch(memory_); }

    // Nullptr if there is no memory.
    hs_scratch_t* for_database(const hs_database* database, std::size_t number) {
        if (number >= fits_.size())
            fits_.resize(number + 1);
        if (!fits_[number] && hs_alloc_scratch(database, &memory_) != HS_SUCCESS)
            return nullptr;
        fits_[number] = true;
        return memory_;
    }

  private:
    hs_scratch_t* memory_ = nullptr;
    std::vector<bool> fits_;  // by number of the database; a bit for each that was ever made
};

int keep(unsigned id, unsigned long long /*from*/, unsigned long long /*to*/, unsigned /*flags*/, void* found) {
    static_cast<std::vector<int>*>(found)->push_back(static_cast<int>(id));
    return 0;
}

}  // namespace

void LiteralSearch::FreeDatabase::operator()(hs_database* database) const {
    hs_free_database(database);
}

LiteralSearch::LiteralSearch(hs_database* database) : database_(database), number_(databases++) {}

std::unique_ptr<const LiteralSearch> LiteralSearch::make(const std::vector<std::string>& literals) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    std::vector<unsigned> ids;
    for (const std::string& literal : literals) {
        texts.push_back(literal.data());
        sizes.push_back(literal.size());
        ids.push_back(static_cast<unsigned>(ids.size()));
    }
    const std::vector<unsigned> flags(literals.size(), HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH);
    hs_database_t* database = nullptr;
    hs_compile_error_t* error = nullptr;
    hs_compile_lit_multi(texts.data(), flags.data(), ids.data(), sizes.data(),
                         static_cast<unsigned>(literals.size()), HS_MODE_BLOCK, nullptr, &database, &error);
    hs_free_compile_error(error);
    if (database == nullptr)
        return nullptr;
    return std::unique_ptr<const LiteralSearch>(new LiteralSearch(database));
}

bool LiteralSearch::find(std::string_view text, std::vector<int>& found) const {
    thread_local Scratch scratch;
    hs_scratch_t* const memory = scratch.for_database(database_.get(), number_);
    return memory != nullptr && text.size() <= std::numeric_limits<unsigned>::max() &&
           hs_scan(database_.get(), text.data(), static_cast<unsigned>(text.size()), 0, memory, keep, &found) ==
               HS_SUCCESS;
}

}  // namespace tidegate::guardrails
