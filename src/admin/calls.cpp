// The routes about call records. One of a feature that the caller may not see answers exactly as one that does
// not exist.
#include "admin/route.h"

#include <tidegate/admin/time.h>

#include <algorithm>
#include <charconv>

namespace tidegate::admin {
namespace {

constexpr std::string_view kNoCall =
    "There is no record of that call: it is unknown, not written yet, or too old.";
constexpr std::size_t kMostCalls = 1000;
constexpr std::size_t kMostFeatures = 100;  // of a limited token that asks for all of its calls at once

Error invalid(std::string message) {
    return {.kind = ErrorKind::invalid_input, .source = ErrorSource::client, .message = std::move(message)};
}

std::optional<int> whole_number(std::string_view text, int min, int max) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < min || value > max)
        return std::nullopt;
    return value;
}

Result<> read_time(const Question& question, std::string_view name, std::optional<WallTime>& time) {
    const auto text = question.parameters.get(name);
    if (!text)
        return {};
    time = parse_time(*text, question.clock.wall());
    if (!time)
        return invalid(std::string(name) +
                       " must be a time (2026-11-01, 2026-11-01T12:30:00Z) or how long ago (2h, 7d).");
    return {};
}

Result<> read_status(std::string_view text, events::IndexFilter& filter) {
    filter.outcome = events::parse_outcome(text);
    if (!filter.outcome)
        filter.status = whole_number(text, 100, 599);
    if (!filter.outcome && !filter.status)
        return invalid("status must be an outcome (ok, fallback, timeout, …) or an HTTP status.");
    return {};
}

Result<events::IndexFilter> read_filter(const Question& question) {
    const Parameters& parameters = question.parameters;
    events::IndexFilter filter;
    filter.feature = parameters.get("feature").value_or("");
    filter.user = parameters.get("user").value_or("");
    filter.conversation = parameters.get("conversation").value_or("");
    if (const auto since = read_time(question, "since", filter.since); !since)
        return since.error();
    if (const auto until = read_time(question, "until", filter.until); !until)
        return until.error();
    if (const auto text = parameters.get("status")) {
        if (const auto status = read_status(*text, filter); !status)
            return status.error();
    }
    if (const auto text = parameters.get("limit")) {
        const auto limit = whole_number(*text, 1, kMostCalls);
        if (!limit)
            return invalid("limit must be a number from 1 to 1000.");
        filter.limit = static_cast<std::size_t>(*limit);
    }
    if (const auto text = parameters.get("before")) {
        filter.before = CallId::parse(*text);
        if (!filter.before)
            return invalid("before must be the id of a call.");
    }
    if (const auto text = parameters.get("shadow")) {
        filter.shadow = *text == "true";
        if (!filter.shadow && *text != "false")
            return invalid("shadow must be true or false.");
    }
    return filter;
}

// The newest of several features.
Result<std::vector<CallLine>> list(const Services& services, const events::IndexFilter& filter,
                                   const std::vector<std::string>& features) {
    if (features.empty())
        return services.calls(filter);
    std::vector<CallLine> all;
    for (const std::string& feature : features) {
        events::IndexFilter one = filter;
        one.feature = feature;
        Result<std::vector<CallLine>> lines = services.calls(one);
        if (!lines)
            return lines.error();
        std::ranges::move(*lines, std::back_inserter(all));
    }
    std::ranges::sort(all, [](const CallLine& a, const CallLine& b) { return a.id > b.id; });
    if (all.size() > filter.limit)
        all.erase(all.begin() + static_cast<std::ptrdiff_t>(filter.limit), all.end());
    return all;
}

Answer page(const std::vector<CallLine>& lines, std::size_t limit) {
    std::string body = "{\"calls\":[";
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i > 0)
            body += ',';
        body += lines[i].json;
    }
    body += ']';
    if (!lines.empty() && lines.size() == limit)
        body += ",\"next\":\"" + lines.back().id.to_string() + "\"";
    return json_answer(body + "}");
}

}  // namespace

async::Task<Answer> answer_calls(Question& question) {
    const Result<events::IndexFilter> filter = read_filter(question);
    if (!filter)
        co_return error_answer(filter.error());
    if (!filter->feature.empty() && !question.caller.sees(filter->feature))
        co_return page({}, filter->limit);
    std::vector<std::string> features;
    if (filter->feature.empty())
        features = question.caller.features;
    if (features.size() > kMostFeatures)
        co_return error_answer(400, "invalid_request",
                               "This token may see many features: name one with feature.");
    std::function<Result<std::vector<CallLine>>()> work = [&services = question.services, filter = *filter,
                                                           features = std::move(features)] {
        return list(services, filter, features);
    };
    const Result<std::vector<CallLine>> lines = co_await question.queries.ask(question.thread, std::move(work));
    if (!lines)
        co_return error_answer(lines.error());
    co_return page(*lines, filter->limit);
}

async::Task<Answer> answer_shadow(Question& question) {
    const std::string feature = question.path[0];
    if (!question.caller.sees(feature))
        co_return not_found("There is no feature of that name.");
    std::optional<WallTime> since;
    if (const auto read = read_time(question, "since", since); !read)
        co_return error_answer(read.error());
    std::function<Result<std::string>()> work = [&services = question.services, feature, since] {
        return services.shadow_json(feature, since);
    };
    const Result<std::string> json = co_await question.queries.ask(question.thread, std::move(work));
    if (!json)
        co_return error_answer(json.error());
    co_return json_answer(*json);
}

async::Task<Answer> answer_call(Question& question) {
    const std::optional<CallId> id = CallId::parse(question.path[0]);
    if (!id)
        co_return not_found(kNoCall);
    std::function<Result<CallAnswer>()> work = [&services = question.services, id = *id,
                                                content = question.caller.content] {
        return services.call(id, content);
    };
    Result<CallAnswer> call = co_await question.queries.ask(question.thread, std::move(work));
    if (!call && call.error().kind != ErrorKind::not_found)
        co_return error_answer(call.error());
    if (!call || !question.caller.sees(call->feature))
        co_return not_found(kNoCall);
    co_return json_answer(std::move(call->json));
}

}  // namespace tidegate::admin
