// What every command that asks a running gateway has in common.
#pragma once

#include "cli/admin_client.h"

#include <tidegate/base/result.h>
#include <tidegate/cli/cli.h>

#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace tidegate::cli {

// Keeps the order of members.
using Json = nlohmann::ordered_json;

// A run of a command that asks; `json` is the flag.
struct Client {
    const Surroundings& surroundings;
    bool json = false;

    // Prints the answer: as it is with `--json`, else with `print`. An error goes to standard error; the exit
    // status says which kind.
    int get(std::string_view path, const Query& query, const std::function<void(const Json&)>& print) const;
    int post(std::string_view path, const std::function<void(const Json&)>& print) const;
    // "tidegate: <message>" on standard error.
    int fail(int status, std::string_view message) const;

    std::ostream& out() const { return surroundings.out; }

  private:
    Result<AdminClient> connect() const;
    int finish(const AdminClient& client, const Result<Reply>& reply,
               const std::function<void(const Json&)>& print) const;
    int refuse(const Json& answer, int http_status) const;
};

// A member as text: "" if it is missing or null; lists joined by ", "; an object in a list by its name.
std::string text_of(const Json& value);
std::string text_of(const Json& object, std::string_view member);
std::int64_t integer_of(const Json& object, std::string_view member);
// The object or list of that name; an empty one if there is none.
const Json& child_of(const Json& object, std::string_view member);

// Every value below `value`, by its path.
void print_flat(std::ostream& out, const Json& value);

std::string seconds_text(std::int64_t microseconds);  // "812 ms", "1.234 s"
std::string dollars_text(std::int64_t nanos);         // "0.000123"
std::string time_text(std::string_view rfc3339);      // "2026-11-24 03:04:05.678"

// Adds a time as a person writes it. Relative ones count from this machine's clock, so that `2h` means the same
// here as in a script's log. Fails on what is no time.
Result<> add_time(Query& query, const Client& client, const std::string& name, const std::string& text);

// The commands.
int status_command(const Client& client);
int reload_command(const Client& client);
int feature_list_command(const Client& client);
int feature_show_command(const Client& client, const std::string& feature);
struct ExplainArguments {
    std::string feature;
    std::string user;
    std::string conversation;
    std::vector<std::string> attributes;  // "name=value"
};
int feature_explain_command(const Client& client, const ExplainArguments& arguments);
struct CallListArguments {
    std::string feature, user, conversation, since, until, status, before;
    int limit = 50;
    bool shadow = false;  // runs of the shadow lane instead of the users' calls
};
int call_list_command(const Client& client, const CallListArguments& arguments);
int call_show_command(const Client& client, const std::string& id);
struct ShadowReportArguments {
    std::string feature, since;
};
int shadow_report_command(const Client& client, const ShadowReportArguments& arguments);
// Asks no gateway.
int key_new_command(const Client& client, const std::string& name);

}  // namespace tidegate::cli
