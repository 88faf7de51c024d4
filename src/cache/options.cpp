#include <tidegate/cache/options.h>
#include <tidegate/yaml/cursor.h>
#include <tidegate/yaml/scalar.h>

#include <charconv>
#include <optional>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace tidegate::cache {
namespace {

constexpr std::uint64_t kLeastMemory = 1ULL << 20U;
constexpr int kLastDatabase = 1'000'000;

Error wrong(std::string message) {
    return {ErrorKind::invalid_input, ErrorSource::gateway, std::move(message)};
}

Result<Options> parse_memory(std::string_view size) {
    const auto bytes = yaml::parse_byte_size(size);
    if (!bytes)
        return wrong("needs a size behind `memory:`, such as memory:256MiB");
    if (*bytes < kLeastMemory)
        return wrong("needs at least 1MiB of memory");
    return MemoryOptions{*bytes};
}

std::optional<int> number_up_to(int most, std::string_view digits) {
    int number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool whole = error == std::errc{} && end == digits.data() + digits.size();
    return whole && number >= 0 && number <= most ? std::optional(number) : std::nullopt;
}

Result<Options> parse_redis(std::string_view text) {
    const auto parsed = boost::urls::parse_uri(text);
    if (!parsed)
        return wrong("must be redis://host:port/database, with user:password@ before the host where needed");
    const boost::urls::url_view& url = *parsed;
    if (url.has_query() || url.has_fragment())
        return wrong("takes no `?` and no `#`: write them as %3F and %23 in a password");
    RedisOptions options;
    options.host = url.host_address();
    if (options.host.empty())
        return wrong("names no host of Redis");
    const auto port = url.has_port() ? number_up_to(65'535, std::string(url.port())) : options.port;
    if (!port || *port == 0)
        return wrong("names no valid port of Redis");
    options.port = static_cast<std::uint16_t>(*port);
    options.user = url.user();
    options.password = url.password();
    if (!options.user.empty() && options.password.empty())
        return wrong("names a user of Redis without a password; without a user it is redis://:password@host");
    const std::string path(url.encoded_path());
    const auto database = path.size() < 2 ? 0 : number_up_to(kLastDatabase, std::string_view(path).substr(1));
    if (!database)
        return wrong("has something else than the number of a Redis database behind the host");
    options.database = *database;
    return options;
}

}  // namespace

Result<Options> parse_url(std::string_view url) {
    constexpr std::string_view kMemory = "memory:";
    if (url.starts_with(kMemory))
        return parse_memory(url.substr(kMemory.size()));
    if (url.starts_with("redis://"))
        return parse_redis(url);
    if (url.starts_with("rediss://"))
        return wrong(
            "asks for TLS, which is not built: put a tunnel before Redis, or use redis:// in a "
            "private network");
    return wrong("must be memory:SIZE, such as memory:256MiB, or redis://host:port/database");
}

Options parse_options(const yaml::Cursor& at) {
    const std::string url = at["url"].text("memory:256MiB");
    at.finish();
    auto options = parse_url(url);
    if (!options) {
        at["url"].problem(options.error().message);
        return MemoryOptions{};
    }
    const auto* redis = std::get_if<RedisOptions>(&*options);
    if (redis != nullptr && !redis->password.empty() && !at["url"].is_secret())
        at["url"].warning("holds a password that is printed with the configuration: write it as ${NAME}");
    return *std::move(options);
}

Policy parse_policy(const yaml::Cursor& at) {
    Policy policy;
    policy.ttl = at["ttl"].duration(policy.ttl);
    policy.scope = at["scope"].choice<Scope>(
        {{"feature", Scope::feature}, {"key", Scope::key}, {"user", Scope::user}}, policy.scope);
    at.finish();
    return policy;
}

}  // namespace tidegate::cache
