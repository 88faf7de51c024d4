// Whether the log and the store take what calls leave behind, and what follows for new calls when they do not.
#pragma once

#include <string_view>
#include <vector>

namespace tidegate::pipeline {

struct Services;

// What cannot be written now, each a clause for a reason or a message ("the store cannot be written"). Any
// thread, cheap.
std::vector<std::string_view> storage_troubles(const Services& services);

// Whether a call may begin. Not when the queue of records is full; in other trouble only with
// `store.on_failure: serve`. Any thread, cheap.
bool may_begin(const Services& services);

}  // namespace tidegate::pipeline
