#include <tidegate/calls/worker.h>

namespace tidegate::calls {

Worker::Worker(async::IoThread& io_thread, upstream::Client& client, ledger::Ledger& money)
    : io(io_thread),
      upstream(client),
      ledger(money),
      parsers([](const dialect::BodyParser& parser) { return parser.memory(); }),
      buffers([](const std::string& buffer) { return buffer.capacity(); }) {}

}  // namespace tidegate::calls
