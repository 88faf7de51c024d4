#include "guardrails/literal_search.h"

#include <tidegate/base/log.h>

#include <algorithm>
#include <atomic>
#include <limits>

#ifdef TIDEGATE_HYPERSCAN
#include <hs/hs.h>
#endif

namespace tidegate::guardrails {

#ifdef TIDEGATE_HYPERSCAN

namespace {

std::atomic<std::size_t> databases{0};

// Of one thread, for whichever database: it grows to what the most demanding one needs.
class Scratch {
  public:
    Scratch() = default;
    ~Scratch() { hs_free_scratch(memory_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    // Nullptr if there is no memory.
    hs_scratch_t* for_database(const hs_database* database, std::size_t number) {
        if (number >= fits_.size())
            fits_.resize(number + 1);
        if (!fits_[number] && hs_alloc_scratch(database, &memory_) != HS_SUCCESS) {
            fits_.clear();  // what was there is gone
            return nullptr;
        }
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
    std::unique_ptr<const LiteralSearch> search(new LiteralSearch(database));
    return search->finds_all(literals) ? std::move(search) : nullptr;
}

// Libraries of this kind had errors at the ends of texts, on some processors only.
bool LiteralSearch::finds_all(const std::vector<std::string>& literals) const {
    constexpr std::size_t kAround = 160;  // more than two of the widest vectors
    std::vector<int> found;
    for (std::size_t i = 0; i < literals.size(); ++i) {
        const std::string& literal = literals[i];
        for (std::size_t before = 0; before <= kAround; ++before) {
            const std::string text = std::string(before, '.') + literal + std::string(kAround - before, ' ');
            for (const std::size_t size : {before + literal.size(), text.size()}) {
                found.clear();
                if (find(std::string_view(text).substr(0, size), found) &&
                    std::find(found.begin(), found.end(), static_cast<int>(i)) != found.end())
                    continue;
                log::error("guardrails", "Hyperscan misses \"{}\" behind {} bytes; patterns do without it",
                           literal, before);
                return false;
            }
        }
    }
    return true;
}

bool LiteralSearch::find(std::string_view text, std::vector<int>& found) const {
    thread_local Scratch scratch;
    hs_scratch_t* const memory = scratch.for_database(database_.get(), number_);
    return memory != nullptr && text.size() <= std::numeric_limits<unsigned>::max() &&
           hs_scan(database_.get(), text.data(), static_cast<unsigned>(text.size()), 0, memory, keep, &found) ==
               HS_SUCCESS;
}

#else

void LiteralSearch::FreeDatabase::operator()(hs_database* /*database*/) const {}

std::unique_ptr<const LiteralSearch> LiteralSearch::make(const std::vector<std::string>& /*literals*/) {
    return nullptr;
}

bool LiteralSearch::find(std::string_view /*text*/, std::vector<int>& /*found*/) const {
    return false;
}

#endif

}  // namespace tidegate::guardrails
