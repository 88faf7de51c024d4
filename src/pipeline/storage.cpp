#include <tidegate/events/log.h>
#include <tidegate/pipeline/storage.h>
#include <tidegate/pipeline/thread_state.h>
#include <tidegate/store/store.h>

namespace tidegate::pipeline {

std::vector<std::string_view> storage_troubles(const Services& services) {
    std::vector<std::string_view> troubles;
    if (!services.log.works())
        troubles.emplace_back("call records cannot be written");
    else if (!services.log.has_room())
        troubles.emplace_back("call records cannot be written fast enough");
    if (!services.store.works())
        troubles.emplace_back("the store cannot be written");
    return troubles;
}

bool may_begin(const Services& services) {
    if (!services.log.has_room())
        return false;
    return services.serve_on_failure || (services.log.works() && services.store.works());
}

}  // namespace tidegate::pipeline
