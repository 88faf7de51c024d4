// The routes of the admin port.
#pragma once

#include <tidegate/admin/options.h>
#include <tidegate/admin/services.h>
#include <tidegate/base/clock.h>
#include <tidegate/http/handler.h>

#include <memory>
#include <string>
#include <string_view>

namespace tidegate::admin {

// docs/admin_api.md. Lives longer than the server it is given to.
class Api final : public http::Handler {
  public:
    // `loopback`: the port is bound to loopback (see is_loopback). Without that and without tokens it refuses
    // everything but the health checks.
    Api(Options options, bool loopback, Services services, const Clock& clock);
    ~Api() override;

    async::Task<void> handle(const http::Request& request, http::ResponseWriter& writer,
                             async::IoThread& thread) override;
    bool always_served(std::string_view path) const override;
    http::RefusalAnswer refusal_answer(const http::Refusal& refusal) const override;

    // Any thread; counts from the next request on.
    void set_options(Options options);

  private:
    class State;
    std::unique_ptr<State> state_;
};

// The description of all routes: what GET /admin/v1/openapi.json answers.
std::string openapi_json();

}  // namespace tidegate::admin
