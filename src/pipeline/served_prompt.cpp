#include "pipeline/served_prompt.h"

#include <tidegate/base/log.h>
#include <tidegate/calls/variant.h>
#include <tidegate/prompts/registry.h>
#include <tidegate/store/store.h>

namespace tidegate::pipeline {

void note_served(store::Store& store, const calls::Variant& variant) {
    if (!variant.prompt || !variant.prompt->first_serve())
        return;
    store.record_served(variant.prompt_name, variant.prompt_hash, [](const Result<void>& recorded) {
        if (!recorded)
            log::error("pipeline", "{}", recorded.error().message);
    });
}

}  // namespace tidegate::pipeline
