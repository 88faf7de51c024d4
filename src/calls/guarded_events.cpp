#include "calls/guarded_events.h"

#include <tidegate/base/text.h>

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace tidegate::calls {
namespace {

using dialect::TextKind;
using guardrails::Action;

constexpr std::size_t kMaximumBlocks = 4096;
// What an event or block costs beside its bytes, about.
constexpr std::size_t kOverhead = 512;

}  // namespace

GuardedEvents::GuardedEvents(dialect::Format format, std::vector<StreamRule> rules,
                             const GuardedEventsOptions& options)
    : parser_(options.maximum_held), reader_(format), stream_rules_(std::move(rules)), options_(options) {
    make_rules();
}

void GuardedEvents::make_rules() {
    for (const StreamRule& rule : stream_rules_) {
        const guardrails::TextCheck* check = rule.guardrail->text.get();
        guardrails::WindowRule window{check, check->longest_match(), rule.holds, rule.action == Action::redact};
        const auto add = [&](RuleSet& set) {
            set.rules.push_back(window);
            set.sources.push_back(&rule);
        };
        add(for_text_);
        if (rule.guardrail->text_only)
            continue;
        add(for_others_);
        window.redacts = window.redacts && options_.for_record;
        add(for_arguments_);
    }
}

const GuardedEvents::RuleSet& GuardedEvents::rules_for(TextKind kind) const {
    return kind == TextKind::text ? for_text_ : kind == TextKind::tool_arguments ? for_arguments_ : for_others_;
}

bool GuardedEvents::feed(std::string_view events, std::string& out) {
    if (stopped())
        return false;
    parser_.feed(events);
    for (;;) {
        Result<std::optional<dialect::SseEvent>> next = parser_.next();
        if (!next)
            trips_.block(next.error().message);
        const std::optional<dialect::SseEvent> event = next ? *std::move(next) : std::nullopt;
        if (!event)
            break;
        take(*event);
        flush(out);
        if (stopped())
            break;
    }
    return !stopped();
}

bool GuardedEvents::finish(std::string& out) {
    for (auto& [key, block] : blocks_) {
        std::string rest;
        block->arguments.finish(rest);
        if (block->kind == TextKind::tool_arguments && block->high_half != 0)
            dialect::append_halves(rest, block->high_half, 0);
        append(*block, rest);
        block->window.finish(finds_);
        judge(*block);
    }
    if (!stopped()) {
        for (HeldEvent& held : queue_) write(held, out);
    }
    queue_.clear();
    return !stopped();
}

std::string GuardedEvents::texts(bool text_only) const {
    std::string all;
    for (const Block* block : order_) {
        if ((text_only && block->kind != TextKind::text) || block->shown.empty())
            continue;
        all.append(all.empty() ? "" : "\n\n").append(block->shown);
    }
    return all;
}

void GuardedEvents::take(const dialect::SseEvent& event) {
    bool readable = false;
    if (reading_) {
        const Result<void> read = reader_.read(event);
        readable = read.has_value();
        if (!readable && options_.for_record)
            return;
        if (!readable && options_.acts)
            return trips_.block(
                fmt::format("The guardrails cannot read the answer: {}.", read.error().message));
    }
    hold(event, readable);
    if (held_ <= options_.maximum_held)
        return;
    if (options_.acts)
        return trips_.block(
            fmt::format("The answer is longer than guardrails may hold ({} bytes).", options_.maximum_held));
    stop_reading();
}

void GuardedEvents::hold(const dialect::SseEvent& event, bool readable) {
    HeldEvent& held = queue_.emplace_back();
    held.raw = event.raw;
    held.name = event.name;
    const char* begin = event.raw.data();
    if (!std::less<>()(event.data.data(), begin) &&
        std::less<>()(event.data.data(), begin + event.raw.size())) {
        held.data_offset = static_cast<std::size_t>(event.data.data() - begin);
    } else {
        held.joined = event.data;
    }
    held.data_size = event.data.size();
    held_ += held.raw.size() + held.joined.size() + kOverhead;
    held.content = !readable || reader_.content();
    if (!readable)
        return;
    if (options_.acts)
        held.edits.assign(reader_.without_logprobs().begin(), reader_.without_logprobs().end());
    for (const dialect::StreamText& text : reader_.texts()) {
        add(text, held);
        if (stopped())
            return;
    }
    for (const dialect::BlockEnd& end : reader_.ends()) end_blocks(end);
}

void GuardedEvents::add(const dialect::StreamText& text, HeldEvent& held) {
    Block* const block = find_block(text.block);
    if (block == nullptr)
        return;
    enter(text.block, *block);
    const bool arguments = block->kind == TextKind::tool_arguments;
    const bool halves = block->high_half != 0 || text.low_half != 0 || text.high_half != 0;
    if (!halves && !arguments) {
        append(*block, text.text);
    } else {
        std::string whole;
        if (block->high_half != 0 || text.low_half != 0)
            dialect::append_halves(whole, block->high_half, text.low_half);
        whole.append(text.text);
        block->high_half = text.high_half;
        std::string said;
        if (arguments)
            block->arguments.feed(whole, said);
        append(*block, arguments ? said : whole);
    }
    // Of arguments nothing moves to another event: one that ends within a character waits for its rest.
    const bool unfinished = arguments && (block->arguments.pending() || block->high_half != 0);
    held.pieces.push_back({block, block->window.size() + (unfinished ? 1 : 0), text.begin, text.end, halves});
    if (arguments && block->arguments.complete() && !unfinished)
        settle(*block);
}

void GuardedEvents::append(Block& block, std::string_view text) {
    block.window.feed(text, finds_);
    judge(block);
    count(block);
}

GuardedEvents::Block* GuardedEvents::find_block(const dialect::BlockKey& key) {
    auto& block = blocks_[key];
    if (block)
        return block.get();
    if (blocks_.size() > kMaximumBlocks) {
        options_.acts ? trips_.block("The answer has more parts than guardrails may hold.") : stop_reading();
        return nullptr;
    }
    block = std::make_unique<Block>(key.kind, rules_for(key.kind).rules);
    held_ += kOverhead;
    order_.push_back(block.get());
    return block.get();
}

// Another kind of block closes those before it; arguments only if they are whole, as those of several tools may
// come by turns.
void GuardedEvents::enter(const dialect::BlockKey& key, Block& block) {
    auto& open = open_[key.choice];
    for (const auto& [other_key, other] : open) {
        const bool same = other_key.kind == key.kind && other_key.part == key.part;
        if (!same && (other->kind != TextKind::tool_arguments || other->arguments.complete()))
            settle(*other);
    }
    std::erase_if(open, [](const auto& entry) { return !entry.second->open; });
    if (!block.open)
        open.emplace_back(key, &block);
    block.open = true;
}

void GuardedEvents::end_blocks(const dialect::BlockEnd& end) {
    for (auto& [choice, open] : open_) {
        if (!end.every_choice && choice != end.choice)
            continue;
        for (const auto& [key, block] : open) {
            if (end.every_part || key.part == end.part)
                settle(*block);
        }
        std::erase_if(open, [](const auto& entry) { return !entry.second->open; });
    }
}

void GuardedEvents::settle(Block& block) {
    if (options_.buffer || !block.open)
        return;
    block.open = false;
    std::string rest;
    block.arguments.finish(rest);
    if (!rest.empty())
        append(block, rest);
    block.window.settle(finds_);
    judge(block);
}

// What has been found in this block since the last time.
void GuardedEvents::judge(const Block& block) {
    for (const guardrails::Find& find : finds_) {
        const StreamRule& rule = *rules_for(block.kind).sources[find.rule];
        Action action = rule.action;
        const bool no_redaction = block.kind == TextKind::tool_arguments && !options_.for_record;
        if (action > Action::record && (find.torn || (action == Action::redact && no_redaction)))
            action = Action::block;
        trips_.add(*rule.guardrail, find.category, action);
    }
    finds_.clear();
}

bool GuardedEvents::may_go(const HeldEvent& held) const {
    return !options_.buffer && std::all_of(held.pieces.begin(), held.pieces.end(), [](const Piece& piece) {
        return piece.block->window.decided() >= piece.end;
    });
}

void GuardedEvents::flush(std::string& out) {
    if (stopped()) {
        queue_.clear();
        return;
    }
    while (!queue_.empty() && may_go(queue_.front())) {
        HeldEvent& held = queue_.front();
        write(held, out);
        held_ -= held.raw.size() + held.joined.size() + kOverhead;
        queue_.pop_front();
    }
}

void GuardedEvents::write(HeldEvent& held, std::string& out) {
    for (const Piece& piece : held.pieces) {
        Block& block = *piece.block;
        std::string shown;
        const bool changed = block.window.write(std::min(piece.end, block.window.size()), shown);
        count(block);
        if (options_.keeps_texts) {
            block.shown += shown;
            held_ += shown.size();
        }
        // Arguments that pass go as they came.
        const bool redacted = changed || (piece.rewrite && block.kind != TextKind::tool_arguments);
        if (redacted)
            held.edits.push_back({piece.value_begin, piece.value_end, json_string(shown)});
    }
    content_ = content_ || held.content;
    if (held.edits.empty()) {
        out += held.raw;
        return;
    }
    std::sort(held.edits.begin(), held.edits.end(),
              [](const auto& a, const auto& b) { return a.begin < b.begin; });
    const dialect::SseEvent event = held.event();
    std::string data;
    dialect::write_edited(event.data, held.edits, data);
    dialect::write_event(event, data, out);
}

dialect::SseEvent GuardedEvents::HeldEvent::event() const {
    dialect::SseEvent event;
    event.name = name;
    event.raw = raw;
    event.data = joined.empty() ? std::string_view(raw).substr(data_offset, data_size) : joined;
    event.has_data = true;
    return event;
}

void GuardedEvents::count(Block& block) {
    held_ = held_ - block.counted + block.window.memory();
    block.counted = block.window.memory();
}

// Nothing waits for guardrails that only watch; what they have not seen counts as a trip.
void GuardedEvents::stop_reading() {
    reading_ = false;
    for (const StreamRule& rule : stream_rules_) trips_.add(*rule.guardrail, "unchecked", Action::record);
}

}  // namespace tidegate::calls
