// The tokens of one answer, counted the same way whichever way a provider counts them.
#pragma once

#include <cstdint>

namespace tidegate::dialect {

// Disjoint buckets: their sum is the provider's total. OpenAI counts cached tokens inside the prompt and
// reasoning inside the completion, Anthropic counts its cache beside the input; here each token stands in one
// bucket. Every figure is in [0, kMaximum]: what a provider reports beyond that, or below zero, is clamped.
struct Usage {
    static constexpr std::int64_t kMaximum = 1'000'000'000'000;  // far above any context, far below overflow

    std::int64_t input = 0;  // neither cached nor audio
    std::int64_t cache_read = 0;
    std::int64_t cache_write = 0;     // kept for minutes
    std::int64_t cache_write_1h = 0;  // kept for an hour, at another price
    std::int64_t output = 0;          // neither reasoning nor audio
    std::int64_t reasoning = 0;
    std::int64_t audio_input = 0;
    std::int64_t audio_output = 0;
    // The provider said how much in the end. Without it all figures are 0, but for a stream that was cut off
    // behind Anthropic's message_start: then its input side stands here.
    bool reported = false;

    std::int64_t prompt_total() const {
        return input + cache_read + cache_write + cache_write_1h + audio_input;
    }
    std::int64_t completion_total() const { return output + reasoning + audio_output; }
    std::int64_t total() const { return prompt_total() + completion_total(); }

    // The sum of both; `reported` if either was.
    Usage& operator+=(const Usage& other) {
        input += other.input;
        cache_read += other.cache_read;
        cache_write += other.cache_write;
        cache_write_1h += other.cache_write_1h;
        output += other.output;
        reasoning += other.reasoning;
        audio_input += other.audio_input;
        audio_output += other.audio_output;
        reported = reported || other.reported;
        return *this;
    }

    bool operator==(const Usage&) const = default;
};

}  // namespace tidegate::dialect
