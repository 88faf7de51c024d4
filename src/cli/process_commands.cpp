// `status` and `reload`.
#include "cli/client_command.h"
#include "cli/printable.h"

#include <ostream>

namespace tidegate::cli {

int status_command(const Client& client) {
    return client.get("/admin/v1/status", {}, [&](const Json& answer) { print_flat(client.out(), answer); });
}

int reload_command(const Client& client) {
    return client.post("/admin/v1/reload", [&](const Json& answer) {
        for (const Json& problem : child_of(answer, "problems"))
            client.out() << printable(text_of(problem)) << '\n';
        const std::string hash = text_of(answer, "config_hash");
        client.out() << "reloaded" << (hash.empty() ? "" : ": every thread serves configuration ")
                     << printable(hash) << '\n';
    });
}

}  // namespace tidegate::cli
