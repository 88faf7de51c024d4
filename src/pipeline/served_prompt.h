// Remembers which prompt versions have been served.
#pragma once

namespace tidegate::calls {
struct Variant;
}
namespace tidegate::store {
class Store;
}

namespace tidegate::pipeline {

// From now on the file of the variant's prompt version, if it has one, must not change.
void note_served(store::Store& store, const calls::Variant& variant);

}  // namespace tidegate::pipeline
