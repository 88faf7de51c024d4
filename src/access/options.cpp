#include <tidegate/access/options.h>
#include <tidegate/base/address.h>
#include <tidegate/base/text.h>
#include <tidegate/yaml/digests.h>

#include <set>

#include <fmt/format.h>

namespace tidegate::access {
namespace {

constexpr std::int64_t kMostRequests = 1'000'000'000;
constexpr std::int64_t kMostTokens = 1'000'000'000'000;

std::vector<std::string> read_names(const yaml::Cursor& at) {
    std::vector<std::string> names = at.text_list();
    std::set<std::string_view> seen;
    for (const std::string& name : names) {
        if (!seen.insert(name).second)
            at.problem(fmt::format("names \"{}\" twice", name));
    }
    return names;
}

KeyOptions read_key(const yaml::Cursor& at) {
    KeyOptions key;
    key.name = at["name"].text();
    if (!key.name.empty() && !is_name(key.name)) {
        at["name"].problem(
            fmt::format("is no name: at most {} of letters, digits, `_`, `-`, `.`", kLongestName));
    }
    key.digests = yaml::read_digests(at["sha256"], "the key");
    key.features = read_names(at["features"]);
    key.models = read_names(at["models"]);
    if (key.features.empty() && key.models.empty())
        at.problem("may call nothing: name the features or models that it may use");
    key.limits.requests_per_minute = at["requests_per_minute"].optional_integer(1, kMostRequests);
    key.limits.tokens_per_minute = at["tokens_per_minute"].optional_integer(1, kMostTokens);
    key.limits.concurrent = at["concurrent"].optional_integer(1, kMostRequests);
    key.monthly = at["monthly_usd"].optional_money();
    at.finish();
    return key;
}

std::vector<KeyOptions> read_keys(const yaml::Cursor& at) {
    std::vector<KeyOptions> keys;
    std::set<std::string> names;
    std::set<Digest> digests;
    at.each_item([&](const yaml::Cursor& item) {
        KeyOptions key = read_key(item);
        if (!key.name.empty() && !names.insert(key.name).second)
            item["name"].problem("another key has this name");
        for (const Digest& digest : key.digests) {
            if (!digests.insert(digest).second)
                item["sha256"].problem("has a digest that stands here already; each key has its own");
        }
        keys.push_back(std::move(key));
    });
    return keys;
}

}  // namespace

Options parse_options(const yaml::Cursor& at, std::string_view listen) {
    Options options;
    const bool anonymous = at["anonymous"].boolean(false);
    const bool on_public = at["anonymous_on_public_address"].boolean(false);
    const yaml::Cursor keys = at["keys"];
    options.keys = read_keys(keys);
    at.finish();
    if (keys.size() > 0) {
        if (anonymous)
            at["anonymous"].warning("is off, because there are keys: every caller needs one");
        return options;
    }
    if (anonymous && !on_public && !is_loopback(listen)) {
        at["anonymous"].problem(
            "would serve everyone on a public address; if that is meant, set anonymous_on_public_address: true "
            "as well");
    }
    options.anonymous = anonymous;
    return options;
}

}  // namespace tidegate::access
