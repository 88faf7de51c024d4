// The shadow lane of the gateway: its end, and its report.
#include "app/gateway.h"

#include <tidegate/events/query.h>
#include <tidegate/pipeline/shadow_options.h>
#include <tidegate/release/compare.h>
#include <tidegate/release/shadow_report.h>

#include <thread>

namespace tidegate::app {
namespace {

// A cancelled run ends at once; this is for one whose thread is busy.
constexpr Duration kRunPatience = std::chrono::seconds{5};
constexpr Duration kLook = std::chrono::milliseconds{5};

void compare(const dialect::DecodedAnswer& live, const dialect::DecodedAnswer& run, double minimum_similarity,
             events::Shadow& into) {
    release::Compared compared = release::compare(live, run, {.minimum_similarity = minimum_similarity});
    into.comparisons = std::move(compared.comparisons);
    into.disagrees = !compared.agree;
}

Error no_feature() {
    return {.kind = ErrorKind::not_found,
            .source = ErrorSource::client,
            .message = "There is no feature of that name."};
}

}  // namespace

void Gateway::open_shadow() {
    shadow_ = std::make_unique<pipeline::ShadowRecorder>(recorder_->log(), compare);
    services_->shadow = shadow_.get();
}

void Gateway::drain_shadow() {
    for (const auto& worker : workers_) worker->io.run_and_wait([&] { worker->state.shadow.drain(); });
}

void Gateway::end_shadow() {
    const SteadyTime deadline = clock_.steady() + kRunPatience;
    for (const auto& worker : workers_) {
        worker->io.run_and_wait([&] { worker->state.shadow.cancel(); });
        std::size_t running = 1;
        while (running > 0 && clock_.steady() < deadline) {
            worker->io.run_and_wait([&] { running = worker->state.shadow.running(); });
            if (running > 0)
                std::this_thread::sleep_for(kLook);
        }
    }
    shadow_->close();
}

Result<std::string> Gateway::shadow_report(const std::string& name, std::optional<WallTime> since) {
    const auto snapshot = current();
    const pipeline::Feature* feature = snapshot->features->find(name);
    if (feature == nullptr)
        return no_feature();
    if (feature->shadow == nullptr) {
        return Error{.kind = ErrorKind::not_found,
                     .source = ErrorSource::client,
                     .message = "The feature has no shadow lane: `shadow` is not configured."};
    }
    const pipeline::ShadowVariant& candidate = feature->shadow->variants[feature->shadow->candidate];
    auto figures = recorder_->query().shadow({name, candidate.variant.name, candidate.hash, since});
    if (!figures)
        return figures.error();
    const release::ShadowReport report =
        release::judge(std::move(*figures), snapshot->shadow_thresholds.at(name), clock_.wall());
    return release::to_json(report, name, candidate.variant.name);
}

}  // namespace tidegate::app
