#include "pipeline/deliver.h"
#include "pipeline/stages/access.h"
#include "pipeline/stages/answer.h"
#include "pipeline/stages/cache.h"
#include "pipeline/stages/flag.h"
#include "pipeline/stages/record.h"
#include "pipeline/stages/shadow.h"

#include <tidegate/base/log.h>
#include <tidegate/http/response_writer.h>
#include <tidegate/pipeline/chain.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>

namespace tidegate::pipeline {
namespace {

// An answer without its record is none.
void hold_back(Exchange& exchange) {
    exchange.refuse(events::Outcome::rejected, 503, "overloaded",
                    "The call was made, but its record cannot be written, so its answer is held back.",
                    "retry-after: 1\r\n");
}

}  // namespace

Chain make_chain() {
    std::vector<std::unique_ptr<Stage>> stages;
    stages.push_back(
        std::make_unique<RecordStage>());  // first in, so that it completes last and sees all the others did
    stages.push_back(std::make_unique<AccessStage>());  // nothing is decided for a caller beyond its limits
    stages.push_back(std::make_unique<FlagStage>());    // everything below belongs to the variant
    stages.push_back(std::make_unique<CacheStage>());   // what is answered here needs no call
    stages.push_back(std::make_unique<ShadowStage>());  // behind the cache: what calls nobody is not repeated
    stages.push_back(std::make_unique<AnswerStage>());  // the attempts and their fallbacks
    return Chain(std::move(stages));
}

Chain::Chain(std::vector<std::unique_ptr<Stage>> stages) : stages_(std::move(stages)) {}

async::Task<void> Chain::run(Exchange& exchange) const {
    const std::size_t entered = co_await enter(exchange);
    for (std::size_t i = entered; i > 0; --i) stages_[i - 1]->answered(exchange);
    // With strict durability the record is on disk before the client may take the answer for given.
    if (exchange.thread.services.strict) {
        complete(exchange, entered);
        const bool durable = co_await exchange.recorded();
        if (!durable)
            hold_back(exchange);
        co_await deliver(exchange);
    } else {
        co_await deliver(exchange);
        complete(exchange, entered);
    }
    start_shadows(exchange);
}

async::Task<std::size_t> Chain::enter(Exchange& exchange) const {
    std::size_t entered = 0;
    try {
        for (const auto& stage : stages_) {
            ++entered;
            Step step = stage->enter(exchange);
            if (step == Step::wait)
                step = co_await stage->wait(exchange);
            if (step == Step::answered)
                break;
        }
    } catch (const std::exception& exception) {
        log::error("pipeline", "call {}: {}", exchange.id_text, exception.what());
        exchange.refuse(events::Outcome::upstream_error, 500, "internal",
                        "The gateway failed; the call id leads to the cause.");
    }
    co_return entered;
}

void Chain::complete(Exchange& exchange, std::size_t entered) const {
    while (entered > 0) stages_[--entered]->complete(exchange);
}

async::Task<Step> Stage::wait(Exchange&) {
    co_return Step::next;
}

void Stage::answered(Exchange&) noexcept {}

void Stage::complete(Exchange&) noexcept {}

}  // namespace tidegate::pipeline
