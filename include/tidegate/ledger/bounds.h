// The most that an attempt can cost, known before it is sent. Pure functions, any thread.
#pragma once

#include <tidegate/base/money.h>
#include <tidegate/base/result.h>
#include <tidegate/dialect/request_view.h>
#include <tidegate/ledger/price.h>

#include <cstddef>
#include <cstdint>

namespace tidegate::ledger {

// What is about to be sent. Limits are tokens.
struct Sending {
    const dialect::RequestView& request;
    std::size_t body_bytes = 0;     // of the body as it is sent, with the prompt in it
    std::int64_t output_limit = 0;  // of each answer, as it is sent; embeddings have none
    std::int64_t context = 0;       // of the model
    const Price& price;
};

// A value type. The cost takes the dearest price that the tokens could have.
struct Bound {
    std::int64_t input_tokens = 0;
    std::int64_t output_tokens = 0;  // of all answers together, reasoning included
    NanoDollars cost;                // of all of it

    NanoDollars input_price;   // of a million tokens
    NanoDollars output_price;  // of a million tokens
    NanoDollars request_price;

    std::int64_t tokens() const { return input_tokens + output_tokens; }
    // What an answer that broke off after so many bytes can have cost: the input at its bound and one token a
    // byte received, at most `output_tokens`.
    NanoDollars cost_of_cut(std::uint64_t answer_bytes) const;

    bool operator==(const Bound&) const = default;
};

// Input: one token a byte of the body, 512 more with tools; where bytes do not bound it (addresses of images,
// files, state at the provider, cached content) at least the model's context. Output: the limit times the
// answers asked for. `invalid_input` (source client) with what to leave out if there is no bound: tools that
// the provider runs and charges for, and members that change the price of a model that does not price them. A
// price that is unknown bounds everything: it costs nothing here.
Result<Bound> bound_of(const Sending& sending);

}  // namespace tidegate::ledger
