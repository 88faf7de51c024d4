#include <tidegate/calls/worker.h>

namespace tidegate::calls {

Worker::Worker(async::IoThread& io_thread, upstream::Client& client)
    : io(io_thread),
      upstream(client),
      parsers([](const dialect::BodyParser& parser) { return parser.memory(); }),
      buffers([](const std::string& buffer) { return buffer.capacity(); }) {}

}  // namespace tidegate::calls
