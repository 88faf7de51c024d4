// The release build allocates with mimalloc, which as a shared library also stands in for the C library's
// malloc: a call makes some sixty small objects, frames of coroutines and strings of its record, and frees them
// on two threads (docs/performance.md).
#include <mimalloc-new-delete.h>
