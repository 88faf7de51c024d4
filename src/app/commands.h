// The commands that start something.
#pragma once

#include <tidegate/cli/cli.h>

namespace tidegate::app {

// Each returns the exit status.
int serve(const cli::ServeOptions& options);
int check(const cli::CheckOptions& options);
int simulate(const cli::SimulateOptions& options);

}  // namespace tidegate::app
