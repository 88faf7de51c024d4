#include <tidegate/base/text.h>
#include <tidegate/ledger/bounds.h>

#include <algorithm>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace tidegate::ledger {
namespace {

using BoundWide = __int128;

constexpr std::int64_t kToolTokens = 512;
constexpr BoundWide kPerMillion = 1'000'000;
constexpr std::size_t kShownBytes = 64;  // of a name that the client chose

// Nothing if it is more than NanoDollars hold.
std::optional<NanoDollars> cost_at(const Bound& bound, std::int64_t output_tokens) {
    const BoundWide sum = static_cast<BoundWide>(bound.input_tokens) * bound.input_price.count() +
                          static_cast<BoundWide>(output_tokens) * bound.output_price.count();
    const BoundWide total = (sum + kPerMillion - 1) / kPerMillion + bound.request_price.count();
    if (total > std::numeric_limits<std::int64_t>::max())
        return std::nullopt;
    return NanoDollars{static_cast<std::int64_t>(total)};
}

bool asks_for(const dialect::RequestView& request, std::string_view member) {
    const auto members = request.price_members();
    return std::find(members.begin(), members.end(), member) != members.end();
}

bool is_priced(std::string_view member, const Price& price) {
    if (member == "cache_control.ttl")
        return price.has_cache_write_1h;
    if (member == "input_audio")
        return price.has_audio_input;
    if (member == "audio" || member == "modalities")
        return price.has_audio_output;
    return false;
}

std::optional<Error> without_price(const Sending& sending) {
    if (sending.price.unknown)
        return std::nullopt;
    for (const std::string_view tool : sending.request.hosted_tools()) {
        return Error{ErrorKind::invalid_input, ErrorSource::client,
                     fmt::format("the tool {} is run and charged for by the provider, which has no price here; "
                                 "leave it out",
                                 json_string(utf8_prefix(tool, kShownBytes)))};
    }
    for (const std::string_view member : sending.request.price_members()) {
        if (!is_priced(member, sending.price)) {
            return Error{ErrorKind::invalid_input, ErrorSource::client,
                         fmt::format("'{}' changes the price, and the model has none for it here; leave it out",
                                     member)};
        }
    }
    return std::nullopt;
}

// Bytes say nothing of what lies at the provider or behind an address; audio may be among it.
bool is_unbounded(const dialect::RequestView& request) {
    return request.unbounded_input() || request.carries_provider_state();
}

// Between calls of tools Anthropic's models may think beside the limit, up to their own budget.
std::int64_t thinking_beside(const Sending& sending) {
    return sending.request.has_tools() ? std::min(sending.request.thinking_budget(), sending.context) : 0;
}

NanoDollars dearest_input(const TokenPrices& prices, const dialect::RequestView& request) {
    NanoDollars dearest = std::max({prices.input, prices.cache_read, prices.cache_write});
    if (asks_for(request, "cache_control.ttl"))
        dearest = std::max(dearest, prices.cache_write_1h);
    if (is_unbounded(request))
        dearest = std::max(dearest, prices.audio_input);
    return dearest;
}

NanoDollars dearest_output(const TokenPrices& prices, const dialect::RequestView& request) {
    const NanoDollars dearest = std::max(prices.output, prices.reasoning);
    const bool audio = asks_for(request, "audio") || asks_for(request, "modalities");
    return audio ? std::max(dearest, prices.audio_output) : dearest;
}

}  // namespace

NanoDollars Bound::cost_of_cut(std::uint64_t answer_bytes) const {
    const auto most = static_cast<std::uint64_t>(output_tokens);
    return cost_at(*this, static_cast<std::int64_t>(std::min(answer_bytes, most))).value_or(cost);
}

Result<Bound> bound_of(const Sending& sending) {
    const dialect::RequestView& request = sending.request;
    if (auto refused = without_price(sending))
        return std::move(*refused);
    Bound bound;
    bound.input_tokens = static_cast<std::int64_t>(sending.body_bytes);
    if (request.has_tools())
        bound.input_tokens += kToolTokens;
    if (is_unbounded(request))
        bound.input_tokens = std::max(bound.input_tokens, sending.context);
    if (request.operation() == dialect::Operation::chat)
        bound.output_tokens = request.answers() * (sending.output_limit + thinking_beside(sending));
    if (sending.price.unknown)
        return bound;

    const Price& price = sending.price;
    bound.input_price = dearest_input(price.tokens, request);
    bound.output_price = dearest_output(price.tokens, request);
    bound.request_price = price.request;
    if (price.above && bound.input_tokens > price.above_tokens) {
        bound.input_price = std::max(bound.input_price, dearest_input(*price.above, request));
        bound.output_price = std::max(bound.output_price, dearest_output(*price.above, request));
    }
    const auto cost = cost_at(bound, bound.output_tokens);
    if (!cost) {
        return Error{ErrorKind::invalid_input, ErrorSource::client,
                     "the call could cost more than any budget holds; ask for fewer tokens"};
    }
    bound.cost = *cost;
    return bound;
}

}  // namespace tidegate::ledger
