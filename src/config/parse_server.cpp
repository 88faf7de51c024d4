#include "config/parse_server.h"

#include <tidegate/base/clock.h>
#include <tidegate/http/server.h>

#include <chrono>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

namespace tidegate::config {
namespace {

// "127.0.0.1:8080" or "[::1]:8080".
bool is_address(const std::string& listen) {
    const auto colon = listen.rfind(':');
    if (colon == std::string::npos)
        return false;
    std::string host = listen.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    boost::system::error_code error;
    boost::asio::ip::make_address(host, error);
    const std::string port = listen.substr(colon + 1);
    return !error && !port.empty() && port.size() <= 5 &&
           port.find_first_not_of("0123456789") == std::string::npos && std::stoi(port) <= 65535;
}

std::string parse_address(const yaml::Cursor& at, std::string otherwise) {
    std::string listen = at.text(std::move(otherwise));
    if (!is_address(listen))
        at.problem("must be an IP address and a port, such as 127.0.0.1:8080");
    return listen;
}

void parse_limits(const yaml::Cursor& at, http::Limits& limits) {
    limits.header = at["header"].byte_size(limits.header);
    limits.body = at["body"].byte_size(limits.body);
    limits.connections = static_cast<std::size_t>(
        at["connections"].integer(1, 10'000'000, static_cast<std::int64_t>(limits.connections)));
    limits.in_flight = static_cast<std::size_t>(
        at["in_flight"].integer(1, 10'000'000, static_cast<std::int64_t>(limits.in_flight)));
    at.finish();
}

void parse_timeouts(const yaml::Cursor& at, http::Timeouts& timeouts) {
    timeouts.header = at["header"].duration(timeouts.header);
    timeouts.body = at["body"].duration(timeouts.body);
    timeouts.idle = at["idle"].duration(timeouts.idle);
    timeouts.drain = at["drain"].duration(timeouts.drain);
    at.finish();
}

// The first of the three times at which docs/operations.md asks for an alert.
constexpr std::chrono::days kExpiresSoon{30};

void warn_of_expiry(const yaml::Cursor& at, std::chrono::sys_seconds expiry) {
    const auto now = std::chrono::floor<std::chrono::seconds>(SystemClock().wall());
    if (expiry >= now + kExpiresSoon)
        return;
    if (expiry <= now) {
        at.warning(fmt::format("has expired at {}, so that clients refuse it: replace it", format_utc(expiry)));
    } else {
        at.warning(fmt::format("expires at {}: replace it before", format_utc(expiry)));
    }
}

std::optional<http::TlsOptions> parse_tls(const yaml::Cursor& at) {
    if (!at)
        return std::nullopt;
    http::TlsOptions tls;
    tls.certificate = at["certificate"].input_path();
    tls.private_key = at["private_key"].input_path();
    at["certificate"].watch(tls.certificate);
    at["private_key"].watch(tls.private_key);
    at.finish();
    if (!tls.certificate.empty() && !tls.private_key.empty()) {
        if (const auto expiry = http::check_tls(tls); !expiry) {
            at.problem(expiry.error().message);
        } else {
            warn_of_expiry(at["certificate"], *expiry);
        }
    }
    return tls;
}

std::size_t parse_threads(const yaml::Cursor& at) {
    if (!at || (at.is_scalar() && at.text(std::string()) == "auto"))
        return 0;
    return static_cast<std::size_t>(at.integer(1, 1024));
}

}  // namespace

Server parse_server(const yaml::Cursor& root) {
    const yaml::Cursor at = root["server"];
    Server server;
    server.fixed.listen = parse_address(at["listen"], server.fixed.listen);
    server.fixed.admin = parse_address(at["admin"], server.fixed.admin);
    server.fixed.threads = parse_threads(at["threads"]);
    server.listener.address = server.fixed.listen;
    server.listener.tls = parse_tls(at["tls"]);
    parse_limits(at["limits"], server.listener.limits);
    parse_timeouts(at["timeouts"], server.listener.timeouts);
    server.drain = server.listener.timeouts.drain;
    server.heartbeat = at["stream_heartbeat"].duration(std::chrono::seconds{15});
    at.later("trusted_proxies", "comes with access limits by address");
    at.later("cors", "comes with OFREP");
    at.finish();

    const yaml::Cursor store = root["store"];
    server.fixed.store_url = store["url"].text(server.fixed.store_url);
    server.fixed.serve_on_failure =
        store["on_failure"].choice<bool>({{"refuse", false}, {"serve", true}}, false);
    store.finish();
    return server;
}

LogOptions parse_log(const yaml::Cursor& at) {
    LogOptions options;
    options.level = at["level"].choice<log::Level>({{"debug", log::Level::debug},
                                                    {"info", log::Level::info},
                                                    {"warn", log::Level::warn},
                                                    {"error", log::Level::error}},
                                                   log::Level::info);
    if (at["format"]) {
        options.format =
            at["format"].choice<log::Format>({{"json", log::Format::json}, {"text", log::Format::text}});
    }
    at.finish();
    return options;
}

Outbound parse_outbound(const yaml::Cursor& at) {
    Outbound outbound;
    outbound.proxy = at["proxy"].text(std::string());
    if (const yaml::Cursor file = at["ca_file"]; file && !file.text(std::string()).empty()) {
        outbound.ca_file = file.input_path();
        file.watch(outbound.ca_file);
    }
    outbound.allow_private = at["allow_private"].text_list();
    at.finish();
    return outbound;
}

std::map<std::string, std::vector<std::string>, std::less<>> parse_segments(const yaml::Cursor& at) {
    std::map<std::string, std::vector<std::string>, std::less<>> segments;
    at.each_entry(
        [&](const std::string& name, const yaml::Cursor& values) { segments[name] = values.text_list(); });
    return segments;
}

}  // namespace tidegate::config
