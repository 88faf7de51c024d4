// Adds up the shadow runs of a candidate, month by month.
#pragma once

#include "sqlite.h"

#include <tidegate/events/shadow.h>
#include <tidegate/events/shadow_figures.h>

#include <string>

namespace tidegate::events {

class ShadowCollector {
  public:
    explicit ShadowCollector(const ShadowFilter& filter);
    // The months in their order.
    Result<> add(Database& database);
    ShadowFigures take() { return std::move(figures_); }

  private:
    template <class Take>
    Result<> each(Database& database, ShadowRole role, Take take);
    void take_pair(const Statement& row, ShadowRole role);
    void take_noise(const Statement& row);

    const ShadowFilter& filter_;
    std::string since_;  // as an id; empty: since ever
    ShadowFigures figures_;
};

}  // namespace tidegate::events
