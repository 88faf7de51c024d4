// The keys `server`, `log`, `outbound`, `store` and `segments`.
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

std::map<std::string, std::vector<std::string>, std::less<>> parse_segments(const yaml::Cursor& at);

}  // namespace tidegate::config
