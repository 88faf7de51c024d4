// One configured check of what goes to a model or comes from it, and what happens when it trips.
#pragma once

#include <tidegate/async/cancellation.h>
#include <tidegate/async/io_threads.h>
#include <tidegate/async/task.h>
#include <tidegate/base/clock.h>
#include <tidegate/base/result.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::ledger {
class Account;
}

namespace tidegate::guardrails {

enum class Direction { input, output };
std::string_view to_string(Direction direction);

// From mild to severe; where several trip, the most severe counts.
enum class Action {
    off,
    record,    // counted and recorded only
    redact,    // what matched is replaced by "[category]"
    fallback,  // the next entry of the chain; after released content it acts as block
    block,     // the call fails with `guardrail_blocked`
};
std::string_view to_string(Action action);

// How the output of a stream is checked.
enum class StreamMode {
    hold,     // text is let go once no match can reach into it any more
    buffer,   // the whole answer is held until it was checked
    observe,  // nothing is held; a trip is recorded only
};
std::string_view to_string(StreamMode mode);

// A place in a checked text, in bytes of valid UTF-8, and what was found there. `category` lives as long as the
// check.
struct Match {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string_view category;
};

// What a kind looks for in a text. Immutable; any thread at the same time; linear in the text's length.
//
// A stream that is checked while it grows gets the same matches as the whole text, however it was cut: with n
// bytes there, the matches that `find` gives from the last position on and that begin below n - longest_match()
// are final. Go on from the end of the last of them, or from n - longest_match() if that is further; bytes
// before that position are context, of which longest_match() bytes must be kept (or all, near the beginning).
// At the end of the text every match is final. Cut texts between characters only.
class TextCheck {
  public:
    virtual ~TextCheck() = default;
    // Appends the matches in `text` that begin at `from` or behind it and before `until`, in ascending order
    // and without overlap.
    virtual void find(std::string_view text, std::size_t from, std::size_t until,
                      std::vector<Match>& matches) const = 0;
    // Of a whole text.
    void find(std::string_view text, std::vector<Match>& matches) const { find(text, 0, text.size(), matches); }
    // The most bytes that one match spans, with the context before and behind it that decides about it; nothing
    // without a bound, or if only the whole text can be judged: such a check needs StreamMode::buffer or
    // observe.
    virtual std::optional<std::size_t> longest_match() const = 0;
};

// What somebody else is asked, and for whom. Everything it points to outlives the answer.
struct Question {
    std::string_view text;
    Direction direction = Direction::output;
    std::string_view feature;
    std::string_view call_id;
    ledger::Account* payer = nullptr;  // who pays for a model: whoever pays for the attempt; null: the feature
    SteadyTime deadline{};
};

// A check that asks somebody else: a moderation service or a model. Always on whole texts.
class RemoteCheck {
  public:
    virtual ~RemoteCheck() = default;
    // The categories that tripped, empty if the text is clean. A failure (unreachable, late, malformed answer)
    // is an error, and never a pass: the caller applies Guardrail::on_failure. Runs on the thread of `io`.
    virtual async::Task<Result<std::vector<std::string>>> ask(async::IoThread& io, const Question& question,
                                                              async::Cancellation& cancellation) const = 0;
};

// Immutable, shared by snapshots.
struct Guardrail {
    std::string name;
    std::string kind;  // as written: "pii", "forbidden", …
    Action input = Action::off;
    Action output = Action::off;
    StreamMode stream = StreamMode::hold;
    // Of a remote check that could not answer, as a trip of the category "unavailable": block, fallback, or
    // record (the text passes, and that is counted).
    Action on_failure = Action::block;
    // Judges only the text of an answer, not its refusals, reasoning or tool arguments (length, json_schema).
    bool text_only = false;
    // Exactly one of the two.
    std::unique_ptr<const TextCheck> text;
    std::unique_ptr<const RemoteCheck> remote;

    Action action(Direction direction) const { return direction == Direction::input ? input : output; }
};

// One or more matches of a guardrail in one direction of one attempt, as recorded and counted.
struct Trip {
    std::string guardrail;
    std::string category;
    Direction direction = Direction::output;
    Action action = Action::record;
    std::size_t count = 1;

    bool operator==(const Trip&) const = default;
};

}  // namespace tidegate::guardrails
