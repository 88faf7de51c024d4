#include "admin/route.h"

#include <tidegate/admin/api.h>

#include <mutex>

namespace tidegate::admin {

class Api::State {
  public:
    State(Options options, bool loopback, Services services, const Clock& clock)
        : options_(std::make_shared<const Options>(std::move(options))),
          loopback_(loopback),
          services_(std::move(services)),
          clock_(clock) {}

    void set_options(Options options) {
        auto fresh = std::make_shared<const Options>(std::move(options));
        const std::lock_guard lock(mutex_);
        options_ = std::move(fresh);
    }

    async::Task<Answer> answer(const http::Request& request, async::IoThread& thread);

  private:
    std::shared_ptr<const Options> options() {
        const std::lock_guard lock(mutex_);
        return options_;
    }

    std::mutex mutex_;
    std::shared_ptr<const Options> options_;
    const bool loopback_;
    const Services services_;
    const Clock& clock_;
    Worker queries_{"admin-query", 32};
    Worker changes_{"admin-change", 4};
};

namespace {

struct Found {
    const Route* route = nullptr;
    std::vector<std::string> path;
    std::string allowed;  // the methods of the path, if the path is known
};

Found find_route(const http::Request& request) {
    const http::Method method = request.method == http::Method::head ? http::Method::get : request.method;
    Found found;
    for (const Route& route : routes()) {
        auto values = match(route.pattern, request.path);
        if (!values)
            continue;
        found.allowed = route.method == http::Method::get ? "GET, HEAD" : http::to_string(route.method);
        if (route.method == method) {
            found.route = &route;
            found.path = std::move(*values);
        }
    }
    return found;
}

// Whether the route needs no token of this request.
bool is_open(const Route* route, const http::Request& request, const Options& options, bool loopback) {
    if (route == nullptr)
        return false;
    if (route->access == Access::anyone)
        return true;
    // On loopback a web page could still ask, under a name of its own.
    return route->access == Access::metrics && metrics_open(options, loopback) &&
           (!loopback || is_local(request));
}

std::optional<Answer> forbidden(const Route& route, const Caller& caller) {
    if (caller.role < route.role)
        return error_answer(403, "forbidden", "The token's role does not allow this.");
    if (route.whole && caller.limited())
        return error_answer(403, "forbidden", "The token is limited to some features, and this is about all.");
    return std::nullopt;
}

}  // namespace

async::Task<Answer> Api::State::answer(const http::Request& request, async::IoThread& thread) {
    const std::shared_ptr<const Options> current = options();
    Found found = find_route(request);
    Caller caller;
    const bool open = is_open(found.route, request, *current, loopback_);
    if (!open) {
        Identified identified = identify(request, *current, loopback_);
        if (!identified.caller)
            co_return std::move(identified.refusal);
        caller = std::move(*identified.caller);
    }
    if (found.route == nullptr && found.allowed.empty())
        co_return not_found("There is no such route; /admin/v1/openapi.json lists them.");
    if (found.route == nullptr) {
        Answer answer = error_answer(405, "method_not_allowed", "This route takes " + found.allowed + ".");
        answer.header_lines += "allow: " + found.allowed + "\r\n";
        co_return answer;
    }
    const Route& route = *found.route;
    if (!open) {
        if (auto refusal = forbidden(route, caller))
            co_return std::move(*refusal);
    }
    // Health checks and scrapers may add what they like to their address.
    Parameters parameters;
    if (route.access == Access::token) {
        Result<Parameters> read = Parameters::read(request.query, route.parameters);
        if (!read)
            co_return error_answer(read.error());
        parameters = std::move(*read);
    }
    Question question{services_,
                      clock_,
                      queries_,
                      changes_,
                      thread,
                      request,
                      caller,
                      std::move(found.path),
                      std::move(parameters)};
    Answer answer = co_await route.answer(question);
    co_return answer;
}

Api::Api(Options options, bool loopback, Services services, const Clock& clock)
    : state_(std::make_unique<State>(std::move(options), loopback, std::move(services), clock)) {}

Api::~Api() = default;

async::Task<void> Api::handle(const http::Request& request, http::ResponseWriter& writer,
                              async::IoThread& thread) {
    const Answer answer = co_await state_->answer(request, thread);
    const std::string lines = common_header_lines(answer.content_type) + answer.header_lines;
    co_await writer.respond(answer.status, lines, answer.body);
}

bool Api::always_served(std::string_view path) const {
    return path == "/healthz" || path == "/readyz";
}

http::RefusalAnswer Api::refusal_answer(const http::Refusal& refusal) const {
    // The server adds `x-tidegate-error` itself.
    Answer answer = error_answer(refusal.status, refusal.code, refusal.message);
    return {common_header_lines(answer.content_type), std::move(answer.body)};
}

void Api::set_options(Options options) {
    state_->set_options(std::move(options));
}

}  // namespace tidegate::admin
