// The core of a guarded stream: reads events into windows, and lets them go in their order when they are clean.
#pragma once

#include "calls/trips.h"

#include <tidegate/dialect/argument_text.h>
#include <tidegate/dialect/sse.h>
#include <tidegate/dialect/stream_texts.h>
#include <tidegate/guardrails/window.h>

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::calls {

// A guardrail with a TextCheck, on a stream.
struct StreamRule {
    const guardrails::Guardrail* guardrail = nullptr;
    guardrails::Action action = guardrails::Action::record;  // what a match does
    bool holds = false;                                      // nothing leaves before it has decided
};

struct GuardedEventsOptions {
    std::size_t maximum_held = 0;
    bool acts = false;         // what cannot be read blocks, and log-probabilities are left out
    bool buffer = false;       // nothing leaves before finish()
    bool keeps_texts = false;  // for texts()
    // For a record: events that cannot be read are left out, and tool arguments are redacted too.
    bool for_record = false;
};

class GuardedEvents {
  public:
    GuardedEvents(dialect::Format format, std::vector<StreamRule> rules, const GuardedEventsOptions& options);
    GuardedEvents(const GuardedEvents&) = delete;
    GuardedEvents& operator=(const GuardedEvents&) = delete;

    // Whole events. False once the trips stop the stream: then what is held is gone, and nothing more is taken.
    bool feed(std::string_view events, std::string& out);
    // The stream has ended: checks what is left, and lets it go.
    bool finish(std::string& out);

    bool content() const { return content_; }
    Trips& trips() { return trips_; }
    // False once it has given up watching a stream that is too long (nothing acts on it).
    bool reads_all() const { return reading_; }
    // The texts that were let go, joined by blank lines; if `text_only`, the answer's text alone.
    std::string texts(bool text_only) const;

  private:
    struct Block {
        Block(dialect::TextKind kind_, std::span<const guardrails::WindowRule> rules)
            : kind(kind_), window(rules) {}

        dialect::TextKind kind;
        guardrails::Window window;
        dialect::ArgumentText arguments;
        std::uint16_t high_half = 0;  // of a character whose other half has not come
        bool open = false;            // texts came since it was last settled
        std::size_t counted = 0;      // bytes of it in held_
        std::string shown;            // if texts are kept
    };
    // The text of an event that belongs to a block.
    struct Piece {
        Block* block = nullptr;
        std::uint64_t end = 0;  // in the block's text
        std::size_t value_begin = 0;
        std::size_t value_end = 0;
        bool rewrite = false;  // its bytes hold half a character
    };
    struct HeldEvent {
        std::string raw;
        std::string name;
        std::string joined;  // the data, if it is of several lines
        std::size_t data_offset = 0;
        std::size_t data_size = 0;
        std::vector<Piece> pieces;
        std::vector<dialect::TextEdit> edits;
        bool content = false;

        dialect::SseEvent event() const;
    };
    // The rules for one kind of text, as windows take them.
    struct RuleSet {
        std::vector<guardrails::WindowRule> rules;
        std::vector<const StreamRule*> sources;
    };

    void make_rules();
    const RuleSet& rules_for(dialect::TextKind kind) const;

    bool stopped() const { return trips_.verdict() != GuardVerdict::ok; }
    void take(const dialect::SseEvent& event);
    void hold(const dialect::SseEvent& event, bool readable);
    void add(const dialect::StreamText& text, HeldEvent& held);
    void append(Block& block, std::string_view text);
    Block* find_block(const dialect::BlockKey& key);
    void enter(const dialect::BlockKey& key, Block& block);
    void end_blocks(const dialect::BlockEnd& end);
    void settle(Block& block);
    void judge(const Block& block);
    bool may_go(const HeldEvent& held) const;
    void flush(std::string& out);
    void write(HeldEvent& held, std::string& out);
    void count(Block& block);
    void stop_reading();

    dialect::SseParser parser_;
    dialect::StreamTexts reader_;
    const std::vector<StreamRule> stream_rules_;
    const GuardedEventsOptions options_;
    RuleSet for_text_;
    RuleSet for_others_;
    RuleSet for_arguments_;
    std::map<dialect::BlockKey, std::unique_ptr<Block>> blocks_;
    std::vector<const Block*> order_;                                                 // as they began
    std::map<std::int64_t, std::vector<std::pair<dialect::BlockKey, Block*>>> open_;  // of a choice
    std::deque<HeldEvent> queue_;
    std::size_t held_ = 0;  // bytes
    std::vector<guardrails::Find> finds_;
    Trips trips_{guardrails::Direction::output};
    bool reading_ = true;
    bool content_ = false;
};

}  // namespace tidegate::calls
