// The keys `server`, `log`, `outbound`, `access`, `store` and `segments`.
#pragma once

#include <tidegate/config/snapshot.h>
#include <tidegate/yaml/cursor.h>

#include <map>
#include <string>
#include <vector>

namespace tidegate::config {

struct Server {
    Fixed fixed;
    http::ListenerOptions listener;
    Duration drain{};
    Duration heartbeat{};
};
Server parse_server(const yaml::Cursor& root);
LogOptions parse_log(const yaml::Cursor& at);

struct Outbound {
    std::string proxy;
    std::string ca_file;
    std::vector<std::string> allow_private;
};
Outbound parse_outbound(const yaml::Cursor& at);

// Whether callers without an access key are served; refuses that on a public address unless it is said twice.
bool parse_anonymous(const yaml::Cursor& at, const std::string& listen);

std::map<std::string, std::vector<std::string>, std::less<>> parse_segments(const yaml::Cursor& at);

// Whether an "address:port" is reachable from this machine alone.
bool is_loopback(const std::string& listen);

}  // namespace tidegate::config
