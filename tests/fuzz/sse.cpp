// Any bytes as a provider's stream: no crash, and the same outcome however they are cut.
#include <tidegate/dialect/stream_relay.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace tidegate;
using namespace tidegate::dialect;

struct Outcome {
    std::string out;
    bool good = true;
    std::string error;
    StreamFacts facts;
};

Outcome relay(Format from, Format to, bool usage, std::string_view bytes, std::size_t chunk) {
    StreamRelay stream(from, to, {.client_wants_usage = usage, .call_id = "call1"});
    Outcome outcome;
    while (!bytes.empty() && outcome.good) {
        const std::string copy(
            bytes.substr(0, chunk));  // of its own size, so that reading past its end is seen
        bytes.remove_prefix(copy.size());
        const Result<void> fed = stream.feed(copy, outcome.out);
        outcome.good = fed.has_value();
        if (!fed)
            outcome.error = fed.error().message;
    }
    if (outcome.good) {
        const Result<void> ended = stream.end_of_body(outcome.out);
        outcome.good = ended.has_value();
        if (!ended)
            outcome.error = ended.error().message;
    }
    outcome.facts = stream.facts();
    return outcome;
}

void require(bool condition) {
    if (!condition)
        std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2)
        return 0;
    const Format from = (data[0] & 1U) != 0 ? Format::openai : Format::anthropic;
    const Format to = (data[0] & 2U) != 0 ? Format::openai : Format::anthropic;
    const bool usage = (data[0] & 4U) != 0;
    const std::size_t chunk = 1 + data[1] % 17;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    const Outcome whole = relay(from, to, usage, bytes, bytes.size() + 1);
    const Outcome parts = relay(from, to, usage, bytes, chunk);
    require(whole.out == parts.out);
    require(whole.good == parts.good && whole.error == parts.error);
    require(whole.facts.usage == parts.facts.usage && whole.facts.content == parts.facts.content);
    require(whole.facts.complete == parts.facts.complete &&
            whole.facts.error.has_value() == parts.facts.error.has_value());
    require(!whole.good || whole.facts.complete || whole.facts.error);
    return 0;
}
