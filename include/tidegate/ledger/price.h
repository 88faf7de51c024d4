// What a model's tokens cost, in integer money.
#pragma once

#include <tidegate/base/money.h>
#include <tidegate/dialect/usage.h>
#include <tidegate/yaml/cursor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::ledger {

// Prices of one million tokens.
struct TokenPrices {
    NanoDollars input;
    NanoDollars cache_read;
    NanoDollars cache_write;
    NanoDollars cache_write_1h;
    NanoDollars output;
    NanoDollars reasoning;
    NanoDollars audio_input;
    NanoDollars audio_output;

    bool operator==(const TokenPrices&) const = default;
};

// A value type.
struct Price {
    // `price: unknown`: calls are made and cost nothing here, which the record says.
    bool unknown = false;
    TokenPrices tokens;
    NanoDollars request;  // of each request, whatever its tokens

    // Written, not only following another price: calls that need one of these are refused without it.
    bool has_cache_write_1h = false;
    bool has_audio_input = false;
    bool has_audio_output = false;

    // Prices of a request whose whole prompt is larger than `above_tokens`, for all of its tokens.
    std::int64_t above_tokens = 0;
    std::optional<TokenPrices> above;

    bool operator==(const Price&) const = default;
};

// The sum of tokens × price, divided by a million once and rounded up; at most what NanoDollars hold. Usage of
// a price that is unknown costs nothing.
NanoDollars cost_of(const Price& price, const dialect::Usage& usage);

// SHA-256 over the price, in hexadecimal: what a record's cost was worked out with.
std::string price_table_hash(const Price& price);

// Reads `price:`, a map of decimal USD per million tokens (at most nine decimals) or `unknown`. Absent kinds:
// cache_read, cache_write and audio_input cost as input; cache_write_1h as cache_write; reasoning and
// audio_output as output. `input` and `output` are required.
Price parse_price(const yaml::Cursor& at);

}  // namespace tidegate::ledger
