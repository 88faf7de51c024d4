// Guardrails made of fake checks, streams for them, and what a client makes of what is delivered.
#pragma once

#include "calls/guard_texts.h"
#include "guardrails/fake_checks.h"
#include "ledger/ledger_on_disk.h"
#include "upstream/harness.h"

#include <tidegate/dialect/sse.h>

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace tidegate::calls::test {

using guardrails::Action;
using guardrails::Guardrail;
using guardrails::StreamMode;

struct Says {
    Action input = Action::off;
    Action output = Action::off;
    StreamMode stream = StreamMode::hold;
    Action on_failure = Action::block;
    bool text_only = false;
};

inline std::shared_ptr<Guardrail> make_guardrail(std::string name, const Says& says) {
    auto guardrail = std::make_shared<Guardrail>();
    guardrail->name = std::move(name);
    guardrail->kind = "fake";
    guardrail->input = says.input;
    guardrail->output = says.output;
    guardrail->stream = says.stream;
    guardrail->on_failure = says.on_failure;
    guardrail->text_only = says.text_only;
    return guardrail;
}

// Named after its category.
inline std::shared_ptr<const Guardrail> word_guardrail(const std::string& category,
                                                       std::vector<std::string> words, const Says& says) {
    auto guardrail = make_guardrail(category, says);
    guardrail->text = std::make_unique<guardrails::WordCheck>(category, std::move(words));
    return guardrail;
}

// Answers what it is told to, and keeps what it was asked.
class FakeRemote final : public guardrails::RemoteCheck {
  public:
    struct Script {
        std::vector<std::string> categories = {};
        std::optional<Error> failure = {};
        std::function<void(async::Cancellation&)> while_asked = {};
        std::vector<std::string> asked = {};
    };
    explicit FakeRemote(std::shared_ptr<Script> script) : x_script(std::move(script)) {}

    async::Task<Result<std::vector<std::string>>> ask(async::IoThread& /*io*/,
                                                      const guardrails::Question& question,
                                                      async::Cancellation& cancellation) const override {
        x_script->asked.emplace_back(question.text);
        if (x_script->while_asked)
            x_script->while_asked(cancellation);
        if (x_script->failure)
            co_return *x_script->failure;
        co_return x_script->categories;
    }

  private:
    std::shared_ptr<Script> x_script;
};

inline std::shared_ptr<const Guardrail> remote_guardrail(std::string name,
                                                         std::shared_ptr<FakeRemote::Script> script,
                                                         const Says& says) {
    auto guardrail = make_guardrail(std::move(name), says);
    guardrail->remote = std::make_unique<FakeRemote>(std::move(script));
    return guardrail;
}

// "guardrail category direction action count" of each.
std::vector<std::string> describe(const std::vector<guardrails::Trip>& trips);

// Runs coroutines on an I/O thread.
class GuardTest : public testing::Test {
  protected:
    GuardContext context() {
        return {.worker = worker_,
                .feature = "support",
                .call_id = "call1",
                .deadline = harness_.clock.steady() + std::chrono::seconds{10},
                .cancellation = *harness_.cancellation};
    }

    // The value of the task that `make` gives.
    template <class Function>
    auto run(Function make) {
        using Task = decltype(make());
        using Value = typename Task::value_type;
        std::promise<Value> promise;
        std::future<Value> future = promise.get_future();
        harness_.on_thread([&] { harness_.thread.tasks().spawn(pass(make(), promise)); });
        return future.get();
    }

    upstream::test::Harness harness_;
    ledger::test::LedgerOnDisk ledger_{harness_.clock};
    Worker worker_{harness_.thread, *harness_.client, *ledger_};

  private:
    template <class Value>
    static async::Task<> pass(async::Task<Value> task, std::promise<Value>& promise) {
        auto value = co_await std::move(task);
        promise.set_value(std::move(value));
    }
};

// What a client makes of a stream: the texts of each block, by "choice.member" or "block.member".
std::map<std::string, std::string> delivered(dialect::Format format, std::string_view events);

// A text as UTF-16, and as the inside of a JSON string: with escapes for all but ASCII, or halves alone.
std::u16string to_units(std::string_view text);
std::string to_json_inside(std::u16string_view units, bool escape_all);

// An event with this data.
std::string event_of(dialect::Format format, std::string_view data);
// A delta of the answer's text, given as the inside of a JSON string.
std::string text_event(dialect::Format format, std::string_view inside);
// What stands before and behind the deltas.
std::string stream_begin(dialect::Format format);
std::string stream_end(dialect::Format format);
// One of OpenAI's chunks with this delta.
std::string chunk_event(std::string_view delta, int choice = 0);

}  // namespace tidegate::calls::test
