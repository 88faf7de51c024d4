// All routes of the admin port, in one list: what it serves, what openapi.json describes, what the tests walk.
#pragma once

#include "admin/access.h"
#include "admin/answer.h"
#include "admin/parameters.h"
#include "admin/worker.h"

#include <tidegate/admin/services.h>
#include <tidegate/async/io_threads.h>
#include <tidegate/base/clock.h>
#include <tidegate/http/request.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::admin {

// What a route works with. Lives as long as its handler runs.
struct Question {
    const Services& services;
    const Clock& clock;
    Worker& queries;
    Worker& changes;
    async::IoThread& thread;
    const http::Request& request;
    const Caller& caller;
    std::vector<std::string> path;  // the values of `{…}` in the pattern
    Parameters parameters;
};

enum class Access {
    anyone,   // health checks
    metrics,  // as `admin.metrics` says
    token,
};

struct Route {
    http::Method method;
    std::string_view pattern;  // "/admin/v1/features/{feature}"
    Access access;
    Role role;            // at least
    bool whole;           // about all features: refused to tokens that are limited to some
    std::string_view id;  // `operationId`
    std::string_view summary;
    std::span<const Parameter> parameters;
    async::Task<Answer> (*answer)(Question& question);
};

std::span<const Route> routes();

// The values of `{…}` if `path` (normalised by the server) fits the pattern.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path);

// The routes' answers: process.cpp, features.cpp, calls.cpp.
async::Task<Answer> answer_health(Question& question);
async::Task<Answer> answer_readiness(Question& question);
async::Task<Answer> answer_metrics(Question& question);
async::Task<Answer> answer_status(Question& question);
async::Task<Answer> answer_config(Question& question);
async::Task<Answer> answer_reload(Question& question);
async::Task<Answer> answer_openapi(Question& question);
async::Task<Answer> answer_features(Question& question);
async::Task<Answer> answer_feature(Question& question);
async::Task<Answer> answer_explain(Question& question);
async::Task<Answer> answer_calls(Question& question);
async::Task<Answer> answer_call(Question& question);
async::Task<Answer> answer_shadow(Question& question);

}  // namespace tidegate::admin
