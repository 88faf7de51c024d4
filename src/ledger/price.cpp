#include <tidegate/base/digest.h>
#include <tidegate/ledger/price.h>

#include <limits>

#include <fmt/format.h>

namespace tidegate::ledger {
namespace {

constexpr std::int64_t kTokensOfPrice = 1'000'000;
// A price beyond this is a slip of units (per token instead of per million, or the reverse).
constexpr NanoDollars kDearest{100'000LL * 1'000'000'000};

using Wide = __int128;

Wide part(std::int64_t tokens, NanoDollars price) {
    return static_cast<Wide>(tokens) * price.count();
}

TokenPrices parse_tokens(const yaml::Cursor& at, bool whole, const TokenPrices& otherwise) {
    TokenPrices prices;
    prices.input = whole ? at["input"].money() : at["input"].money(otherwise.input);
    prices.output = whole ? at["output"].money() : at["output"].money(otherwise.output);
    // A tier that names a kind replaces it; kinds it leaves out keep the base price, unless that followed the
    // input's.
    const auto kind = [&](const char* name, NanoDollars base, NanoDollars followed, NanoDollars follows) {
        return at[name].money(!whole && base != followed ? base : follows);
    };
    prices.cache_read = kind("cache_read", otherwise.cache_read, otherwise.input, prices.input);
    prices.cache_write = kind("cache_write", otherwise.cache_write, otherwise.input, prices.input);
    prices.cache_write_1h =
        kind("cache_write_1h", otherwise.cache_write_1h, otherwise.cache_write, prices.cache_write);
    prices.reasoning = kind("reasoning", otherwise.reasoning, otherwise.output, prices.output);
    prices.audio_input = kind("audio_input", otherwise.audio_input, otherwise.input, prices.input);
    prices.audio_output = kind("audio_output", otherwise.audio_output, otherwise.output, prices.output);
    for (const NanoDollars price :
         {prices.input, prices.output, prices.cache_read, prices.cache_write, prices.cache_write_1h,
          prices.reasoning, prices.audio_input, prices.audio_output}) {
        if (price > kDearest)
            at.problem("is more than 100,000 dollars for a million tokens; prices are per million");
    }
    return prices;
}

std::string canonical(const TokenPrices& prices) {
    return fmt::format("{},{},{},{},{},{},{},{}", prices.input.count(), prices.cache_read.count(),
                       prices.cache_write.count(), prices.cache_write_1h.count(), prices.output.count(),
                       prices.reasoning.count(), prices.audio_input.count(), prices.audio_output.count());
}

}  // namespace

NanoDollars cost_of(const Price& price, const dialect::Usage& usage) {
    if (price.unknown)
        return {};
    const bool dearer = price.above && usage.prompt_total() > price.above_tokens;
    const TokenPrices& prices = dearer ? *price.above : price.tokens;
    const Wide sum = part(usage.input, prices.input) + part(usage.cache_read, prices.cache_read) +
                     part(usage.cache_write, prices.cache_write) +
                     part(usage.cache_write_1h, prices.cache_write_1h) + part(usage.output, prices.output) +
                     part(usage.reasoning, prices.reasoning) + part(usage.audio_input, prices.audio_input) +
                     part(usage.audio_output, prices.audio_output);
    const Wide total = (sum + kTokensOfPrice - 1) / kTokensOfPrice + price.request.count();
    constexpr Wide kMost = std::numeric_limits<std::int64_t>::max();
    return NanoDollars{static_cast<std::int64_t>(total > kMost ? kMost : total)};
}

std::string price_table_hash(const Price& price) {
    std::string text =
        price.unknown ? "unknown" : fmt::format("{};{}", canonical(price.tokens), price.request.count());
    if (price.above)
        text += fmt::format(";{};{}", price.above_tokens, canonical(*price.above));
    return to_hex(digest_of(text));
}

Price parse_price(const yaml::Cursor& at) {
    Price price;
    if (at.is_scalar()) {
        if (at.text() == "unknown") {
            price.unknown = true;
        } else {
            at.problem("must be a map of prices per million tokens, or `unknown`");
        }
        return price;
    }
    price.tokens = parse_tokens(at, true, {});
    price.request = at["request"].money(NanoDollars{});
    price.has_cache_write_1h = at.has("cache_write_1h");
    price.has_audio_input = at.has("audio_input");
    price.has_audio_output = at.has("audio_output");
    if (const yaml::Cursor above = at["above"]) {
        price.above_tokens = above["tokens"].integer(1, dialect::Usage::kMaximum);
        price.above = parse_tokens(above, false, price.tokens);
        above.finish();
    }
    at.finish();
    return price;
}

}  // namespace tidegate::ledger
