// A connection to the store's file, with its settings and its newest schema.
#pragma once

#include "store/sqlite.h"

#include <string>

namespace tidegate::store {

// Makes the file and its folder. Commits are on disk when they return (write-ahead log, synchronous=FULL).
Result<Database> open_database(const std::string& path);

}  // namespace tidegate::store
