// `key new NAME`.
#include "cli/client_command.h"

#include <tidegate/base/digest.h>

#include <ostream>

#include <fmt/format.h>
#include <sys/random.h>

namespace tidegate::cli {
namespace {

// Lets people and scanners of secrets recognise what they have found.
constexpr std::string_view kPrefix = "tg_";

// 256 bits of the system's randomness; nothing if it gives none.
std::optional<std::string> new_key() {
    Digest random{};
    if (::getentropy(random.data(), random.size()) != 0)
        return std::nullopt;
    return std::string(kPrefix) + to_hex(random);
}

}  // namespace

int key_new_command(const Client& client, const std::string& name) {
    const std::optional<std::string> key = new_key();
    if (!key)
        return client.fail(kRefused, "the system gives no random numbers");
    const std::string sha256 = to_hex(digest_of(*key));
    if (client.json) {
        client.out() << Json{{"name", name}, {"key", *key}, {"sha256", sha256}}.dump() << '\n';
        return kOk;
    }
    client.out() << fmt::format(
        "{}\n\n"
        "This is the key, for the caller: it is shown only now and kept nowhere. Put its digest into the\n"
        "configuration, with what it may use:\n\n"
        "access:\n"
        "  keys:\n"
        "    - {{name: {}, sha256: \"{}\", features: [FEATURE]}}\n",
        *key, name, sha256);
    return kOk;
}

}  // namespace tidegate::cli
