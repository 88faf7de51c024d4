#include "calls/guarded_stream.h"

#include "calls/ask_remotes.h"
#include "calls/guarded_events.h"

#include <algorithm>

namespace tidegate::calls {
namespace {

using guardrails::Action;
using guardrails::Direction;
using guardrails::Guardrail;
using guardrails::StreamMode;

std::vector<StreamRule> stream_rules(const GuardrailList& guardrails) {
    std::vector<StreamRule> rules;
    for (const auto& guardrail : guardrails) {
        if (!guardrail->text || guardrail->output == Action::off)
            continue;
        const bool acts = acts_on_stream(*guardrail);
        rules.push_back({guardrail.get(), acts ? guardrail->output : Action::record, acts});
    }
    return rules;
}

// What only the whole answer tells.
bool needs_buffer(const Guardrail& guardrail) {
    return acts_on_stream(guardrail) &&
           (guardrail.remote || guardrail.stream == StreamMode::buffer || !guardrail.text->longest_match());
}

GuardedEventsOptions options_for(const GuardrailList& guardrails, std::size_t maximum_held) {
    GuardedEventsOptions options;
    options.maximum_held = maximum_held;
    options.keeps_texts = asks_remotes(guardrails, Direction::output);
    for (const auto& guardrail : guardrails) {
        options.acts = options.acts || acts_on_stream(*guardrail);
        options.buffer = options.buffer || needs_buffer(*guardrail);
    }
    return options;
}

}  // namespace

class GuardedStream::Impl {
  public:
    Impl(const GuardrailList& guardrails, dialect::Format format, std::size_t maximum_held)
        : guardrails_(guardrails),
          events_(format, stream_rules(guardrails), options_for(guardrails, maximum_held)) {}

    GuardVerdict feed(std::string_view events, std::string& out) {
        events_.feed(events, out);
        content_ = events_.content();
        return events_.trips().verdict();
    }

    async::Task<GuardVerdict> end(const GuardContext& context, std::string& out) {
        std::string last;
        if (!events_.finish(last))
            co_return events_.trips().verdict();
        if (asks_remotes(guardrails_, Direction::output)) {
            const bool asked = co_await ask(context);
            if (!asked)
                co_return GuardVerdict::cancelled;
        }
        if (events_.trips().verdict() == GuardVerdict::ok) {
            out += last;
            content_ = events_.content();
        }
        co_return events_.trips().verdict();
    }

    bool content() const { return content_; }
    Trips& trips() { return events_.trips(); }

  private:
    async::Task<bool> ask(const GuardContext& context) {
        RemoteTexts texts;
        if (events_.reads_all())
            texts = {events_.texts(false), events_.texts(true)};
        const bool asked = co_await ask_remotes(context, guardrails_, Direction::output, texts,
                                                RemoteUse::stream, events_.trips());
        co_return asked;
    }

    const GuardrailList& guardrails_;
    GuardedEvents events_;
    bool content_ = false;
};

GuardedStream::GuardedStream(const GuardrailList& guardrails, dialect::Format format, std::size_t maximum_held)
    : x_impl(std::make_unique<Impl>(guardrails, format, maximum_held)) {}
GuardedStream::~GuardedStream() = default;
GuardedStream::GuardedStream(GuardedStream&&) noexcept = default;
GuardedStream& GuardedStream::operator=(GuardedStream&&) noexcept = default;

GuardVerdict GuardedStream::feed(std::string_view events, std::string& out) {
    return x_impl->feed(events, out);
}

async::Task<GuardVerdict> GuardedStream::end(const GuardContext& context, std::string& out) {
    const GuardVerdict verdict = co_await x_impl->end(context, out);
    co_return verdict;
}

bool GuardedStream::content() const {
    return x_impl->content();
}
const std::string& GuardedStream::message() const {
    return x_impl->trips().message();
}
std::vector<guardrails::Trip> GuardedStream::take_trips() {
    return x_impl->trips().take();
}

}  // namespace tidegate::calls
