#include "calls/drain.h"

namespace tidegate::calls {
namespace {

constexpr Duration kPatience = std::chrono::seconds{1};
constexpr int kMostPieces = 16;

async::Task<> read_rest(std::unique_ptr<upstream::Response> response) {
    for (int i = 0; i < kMostPieces; ++i) {
        const auto piece = co_await response->read();
        if (!piece || piece->empty())
            co_return;
    }
}

}  // namespace

void drain(async::IoThread& io, std::unique_ptr<upstream::Response> response) {
    response->set_deadline(io.clock().steady() + kPatience);
    io.tasks().spawn(read_rest(std::move(response)));
}

}  // namespace tidegate::calls
