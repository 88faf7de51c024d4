#include <tidegate/yaml/digests.h>

#include <fmt/format.h>

namespace tidegate::yaml {
namespace {

constexpr std::size_t kMostDigests = 2;  // the old one and the new one

void read_digest(const Cursor& at, std::string_view what, std::vector<Digest>& digests) {
    const std::string hex = at.text();
    if (hex.empty())
        return;
    const std::optional<Digest> digest = parse_digest(hex);
    if (!digest) {
        at.problem(fmt::format("must be the SHA-256 of {}: 64 hexadecimal digits", what));
    } else if (*digest == digest_of("")) {
        at.problem("is the SHA-256 of nothing");
    } else {
        digests.push_back(*digest);
    }
}

}  // namespace

std::vector<Digest> read_digests(const Cursor& at, std::string_view what) {
    std::vector<Digest> digests;
    if (!at.is_list()) {
        read_digest(at, what, digests);
        return digests;
    }
    at.each_item([&](const Cursor& item) { read_digest(item, what, digests); });
    if (at.size() == 0)
        at.problem("needs at least one digest");
    if (at.size() > kMostDigests)
        at.problem("takes two digests at most: the old one and the new one, until every caller has the new");
    return digests;
}

}  // namespace tidegate::yaml
