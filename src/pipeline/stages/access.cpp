#include "pipeline/stages/access.h"

#include "pipeline/retry_after.h"

#include <tidegate/metrics/metrics.h>
#include <tidegate/pipeline/exchange.h>
#include <tidegate/pipeline/thread_state.h>

#include <fmt/format.h>

namespace tidegate::pipeline {

Step AccessStage::enter(Exchange& exchange) {
    if (exchange.key == nullptr)
        return Step::next;
    access::Admission admission = exchange.key->admit(exchange.thread.io.clock().steady());
    if (admission.permit) {
        exchange.permit = std::move(admission.permit);
        return Step::next;
    }
    exchange.thread.services.metrics.rejected("rate_limited").increment();
    exchange.refuse(events::Outcome::rejected, 429, "rate_limited",
                    fmt::format("The access key's limit `{}` is reached; try again later.", admission.limit),
                    retry_after_line(admission.retry_after));
    exchange.unrecordable = true;
    return Step::answered;
}

void AccessStage::complete(Exchange& exchange) noexcept {
    exchange.permit.release();
}

}  // namespace tidegate::pipeline
