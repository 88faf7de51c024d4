#include "guardrails/json_text.h"

#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace tidegate::guardrails {
namespace {

constexpr std::size_t kMostLevels = 64;
constexpr double kExactIntegers = 9007199254740992.0;  // 2^53

void make_integer(nlohmann::json& value) {
    if (!value.is_number_float())
        return;
    const double number = value.get<double>();
    if (std::trunc(number) == number && std::abs(number) <= kExactIntegers)
        value = static_cast<std::int64_t>(number);
}

Error bad_json(std::string_view why) {
    return {ErrorKind::malformed, ErrorSource::upstream, std::string(why)};
}

}  // namespace

Result<void> parse_json_text(std::string_view text, nlohmann::json& json) {
    using Event = nlohmann::json::parse_event_t;
    std::vector<std::set<std::string>> names;
    std::string_view problem;
    std::size_t level = 0;
    const auto check = [&](int, Event event, nlohmann::json& parsed) {
        switch (event) {
            case Event::object_start:
            case Event::array_start:
                names.emplace_back();
                if (++level > kMostLevels)
                    problem = "is nested too deeply";
                break;
            case Event::object_end:
            case Event::array_end:
                names.pop_back();
                --level;
                break;
            case Event::key:
                if (!names.back().insert(parsed.get<std::string>()).second)
                    problem = "names a member twice";
                break;
            case Event::value:
                make_integer(parsed);
                break;
        }
        // What is bad already is not kept.
        return problem.empty();
    };
    json = nlohmann::json::parse(text, check, false);
    if (!problem.empty())
        return bad_json(problem);
    if (json.is_discarded())
        return bad_json("is not JSON");
    return {};
}

}  // namespace tidegate::guardrails
