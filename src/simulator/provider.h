// Requests to scripts: routing, behaviour, counters. Knows no socket.
#pragma once

#include "simulator/recorder.h"
#include "simulator/script.h"

#include <tidegate/simulator/options.h>
#include <tidegate/simulator/simulator.h>

namespace tidegate::simulator {

// One thread.
class Provider {
  public:
    // Throws std::runtime_error if a directive of `options` is wrong.
    Provider(Options options, const Clock& clock);

    Script answer(const Received& received);

    Statistics& statistics() { return statistics_; }

  private:
    // The directives that apply to a request for `model`, the number of which is `number`; or what is wrong.
    Result<Behaviour> behaviour_for(std::string_view model, const Received& received) const;
    std::int64_t now() const;
    double quantile(std::string_view model) const;

    Script chat(Dialect dialect, const Received& received);
    Script embeddings(const Received& received);
    Script count(const Received& received);
    Script models(const Received& received, std::string_view id) const;
    Script stats() const;
    Script route(const Received& received, std::string_view path, std::string_view query);

    Options options_;
    const Clock& clock_;
    Behaviour base_;
    Recorder recorder_;
    Statistics statistics_;
    std::uint64_t number_ = 0;
    std::string request_id_;
};

}  // namespace tidegate::simulator
