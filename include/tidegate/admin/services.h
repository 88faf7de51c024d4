// What the admin API asks of the rest of the process: functions, so that it knows neither `config` nor `app`.
#pragma once

#include <tidegate/base/id.h>
#include <tidegate/base/result.h>
#include <tidegate/events/index.h>
#include <tidegate/flags/attributes.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::admin {

// Whether new calls should be sent here, and if not, why. The reasons are shown to everybody.
struct Readiness {
    bool ready = true;
    std::vector<std::string> reasons;
};

struct ReloadOutcome {
    // False: the new configuration was refused whole and the old one goes on serving.
    bool reloaded = true;
    std::vector<std::string> problems;  // "file:line:column: message", warnings too
    std::string config_hash;            // of what serves now; may be empty
};

struct FeatureEntry {
    std::string name;
    std::string json;  // a JSON object, docs/admin_api.md says which
};

struct ExplainQuestion {
    std::string feature;
    std::optional<std::string> user;
    std::optional<std::string> conversation;
    std::vector<std::pair<std::string, flags::AttributeValue>> attributes;
};

struct CallAnswer {
    std::string feature;  // decides who may see it
    std::string json;     // the record, with its content for those who may see it
};

// One line of a list.
struct CallLine {
    CallId id;
    std::string json;  // events::render(row)
};

// All must be set, and live as long as the server. Errors become answers: not_found 404, invalid_input 400 with
// the message; overloaded 503; whatever else 500 without it. An exception is a 500 as well.
struct Services {
    // On the admin thread, at any time: must not block for more than some milliseconds.
    std::function<std::string()> metrics_text;
    std::function<std::string()> config_json;  // redacted
    std::function<std::vector<FeatureEntry>()> features;
    std::function<Result<std::string>(const ExplainQuestion&)> explain_json;
    // {"version":…,"io":{…},"upstream":{…},"log":{…}}; the API puts `ready` and `reasons` before it.
    std::function<std::string()> status_json;
    std::function<Readiness()> readiness;

    // On the query thread, one at a time: may read files.
    // Without content the JSON must hold no prompt and no answer.
    std::function<Result<CallAnswer>(CallId, bool with_content)> call;
    // Newest first, at most `limit`.
    std::function<Result<std::vector<CallLine>>(const events::IndexFilter&)> calls;
    // The verdict on a feature's shadow candidate, as a JSON object; `not_found` without a shadow lane.
    std::function<Result<std::string>(const std::string& feature, std::optional<WallTime> since)> shadow_json;

    // On the change thread, one at a time: returns when every thread has the new snapshot, or it was refused.
    std::function<ReloadOutcome()> reload;
};

}  // namespace tidegate::admin
