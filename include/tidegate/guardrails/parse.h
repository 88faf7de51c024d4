// Guardrails as configured.
#pragma once

#include <tidegate/guardrails/guardrail.h>
#include <tidegate/upstream/endpoint.h>
#include <tidegate/yaml/cursor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::upstream {
class Client;
}

namespace tidegate::guardrails {

// One question to a model, for a guardrail of the kind `judge`.
struct ModelQuestion {
    std::string_view guardrail;
    std::string_view model;   // its name in the configuration
    std::string_view system;  // what it has to do
    std::string_view user;    // what it judges, as JSON
    std::int64_t max_output_tokens = 0;
    const Question& asked;
};

// Runs one metered attempt and gives the text that the model answered. Runs on the thread of `io`.
using AskModel = std::function<async::Task<Result<std::string>>(
    async::IoThread& io, const ModelQuestion& question, async::Cancellation& cancellation)>;

// What guardrails need of what is above them.
struct ParseContext {
    std::vector<std::string_view> models;  // which a judge may ask
    upstream::EndpointOptions outbound;    // what addresses share: allow_private, ca_file, proxy, trust
    // The client of that thread. Kept by the guardrails and called while they are in use, as is `ask_model`;
    // `check` gives neither.
    std::function<upstream::Client&(async::IoThread&)> client;
    AskModel ask_model;
};

struct Guardrails {
    // An entry is null if something is wrong with it (which was reported), so that references to it are found.
    std::map<std::string, std::shared_ptr<const Guardrail>, std::less<>> by_name;
    std::vector<upstream::EndpointKey> endpoints;  // in use by `http`, for the pools
};

// Reads `guardrails`. Reads the files of schemas: not on an I/O thread. The names are for the caller to check.
Guardrails parse_guardrails(const yaml::Cursor& at, const ParseContext& context);

}  // namespace tidegate::guardrails
