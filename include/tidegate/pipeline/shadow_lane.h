// The shadow lane: copies of calls run on a candidate, where no user sees them or waits for them.
#pragma once

#include <tidegate/async/cancellation.h>
#include <tidegate/async/task.h>
#include <tidegate/base/clock.h>
#include <tidegate/base/id.h>
#include <tidegate/dialect/format.h>
#include <tidegate/events/content.h>
#include <tidegate/events/shadow.h>
#include <tidegate/guardrails/guardrail.h>
#include <tidegate/pipeline/shadow_options.h>
#include <tidegate/upstream/limits.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::pipeline {

struct Feature;
class FeatureTable;
class ThreadState;

// What became of a run. In the order of metrics::kShadowOutcomes.
enum class ShadowOutcome {
    ok,
    failed,  // no answer, or none that users would have got
    timeout,
    cancelled,    // by the end of the process
    unavailable,  // not called: the circuit is open, or the provider's limit is full, of the lane's own
    // Never begun:
    busy,      // the lane's limit is reached, or the process or the provider is busy with users
    budget,    // the lane's money is used up
    gone,      // the variant is not in the configuration any more
    state,     // the request refers to what only the provider of the live answer has
    draining,  // the process is about to end
};
std::string_view to_string(ShadowOutcome outcome);

// Bytes of an answer that are compared; of a longer one there is no comparison.
inline constexpr std::size_t kShadowContent = 4 << 20;

// A request that outlives its exchange, and the answer it is compared with. Owns its bytes and its snapshot.
struct ShadowCopy {
    std::shared_ptr<const FeatureTable> table;  // keeps what the pointers below point to
    CallId id;                                  // of the run
    const Feature* feature = nullptr;
    std::size_t variant = 0;  // that runs, by index
    events::ShadowRole role = events::ShadowRole::candidate;
    dialect::Format format = dialect::Format::openai;
    std::string body;  // with padding behind it
    std::size_t body_size = 0;
    std::vector<std::pair<std::string, std::string>> variables;  // of the header, over the body's
    std::string passed_headers;                                  // lines for a provider of the same dialect
    std::string user;
    std::string conversation;
    std::string key;
    events::LiveSide live;
    events::Content live_answer{kShadowContent};   // in the client's format
    const calls::Variant* live_variant = nullptr;  // null: a baseline
    std::vector<guardrails::Trip> live_trips;
    upstream::ConcurrencyLimit::Permit place;

    std::string_view request() const { return std::string_view(body).substr(0, body_size); }
    const ShadowVariant& runs() const;
};

// One an I/O thread, on which all of it happens; the limits are the process's. Outlives its runs.
class ShadowLane {
  public:
    explicit ShadowLane(ThreadState& thread) : thread_(thread) {}
    ShadowLane(const ShadowLane&) = delete;
    ShadowLane& operator=(const ShadowLane&) = delete;

    // A place for a run, or why there is none, which has been counted then.
    struct Admission {
        ShadowOutcome outcome = ShadowOutcome::ok;
        upstream::ConcurrencyLimit::Permit place;
        explicit operator bool() const { return outcome == ShadowOutcome::ok; }
    };
    Admission admit(const Feature& feature, std::size_t variant, bool carries_provider_state);
    // Starts the run of a copy that was admitted.
    void start(ShadowCopy copy);

    // From now on nothing is admitted.
    void drain() { draining_ = true; }
    // Ends what runs; each is still recorded, with what it has cost.
    void cancel();
    std::size_t running() const { return running_.size(); }

  private:
    ShadowOutcome obstacle(const Feature& feature, const ShadowOptions& options,
                           const ShadowVariant& variant) const;
    async::Task<> run(ShadowCopy copy);

    ThreadState& thread_;
    bool draining_ = false;
    std::vector<async::Cancellation*> running_;
};

}  // namespace tidegate::pipeline
