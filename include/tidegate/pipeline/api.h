// The routes of the API port.
#pragma once

#include <tidegate/async/io_threads.h>
#include <tidegate/dialect/format.h>
#include <tidegate/http/handler.h>
#include <tidegate/pipeline/chain.h>
#include <tidegate/pipeline/thread_state.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::pipeline {

// Whether new calls should be sent here, and if not, why. There are reasons also when it is ready but not well.
struct Readiness {
    bool ready = true;
    std::vector<std::string> reasons;
};
// {"ready":false,"reasons":["draining"]}
std::string to_json(const Readiness& readiness);

// One for all I/O threads. `threads[i]` is the state of the thread with index i; they and the readiness
// function (any thread, must not block) outlive it.
class Api final : public http::Handler {
  public:
    Api(std::vector<ThreadState*> threads, std::function<Readiness()> readiness);

    async::Task<void> handle(const http::Request& request, http::ResponseWriter& writer,
                             async::IoThread& thread) override;
    bool always_served(std::string_view path) const override;
    http::RefusalAnswer refusal_answer(const http::Refusal& refusal) const override;

  private:
    async::Task<void> answer_other(const http::Request& request, http::ResponseWriter& writer,
                                   ThreadState& state);
    async::Task<void> call(const http::Request& request, http::ResponseWriter& writer, ThreadState& state,
                           dialect::Format format, dialect::Operation operation);
    async::Task<void> models(const http::Request& request, http::ResponseWriter& writer, ThreadState& state);
    async::Task<void> health(const http::Request& request, http::ResponseWriter& writer);

    std::vector<ThreadState*> threads_;
    std::function<Readiness()> readiness_;
    Chain chain_;
};

}  // namespace tidegate::pipeline
