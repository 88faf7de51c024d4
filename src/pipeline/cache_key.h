// What an answer depends on, and who may see it.
#pragma once

#include <tidegate/cache/cache.h>
#include <tidegate/cache/options.h>

#include <optional>

namespace tidegate::pipeline {

class Exchange;

// A hash over the feature, the content of the decided variant, the scope's
// caller, prompt variables, headers that are passed on, and the request in its canonical form. Nothing if the
// scope asks for a caller and the request names none.
std::optional<cache::Key> cache_key(const Exchange& exchange, cache::Scope scope);

}  // namespace tidegate::pipeline
