// Runs a command line against a fake gateway and keeps what it prints.
#pragma once

#include <tidegate/admin/server.h>
#include <tidegate/cli/cli.h>

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tidegate::cli::testing {

using nlohmann::json;

struct Outcome {
    int status = 0;
    std::string out;
    std::string err;
};

class CliTest : public ::testing::Test {
  protected:
    static constexpr WallTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};

    // The real admin API over services of the test.
    void start(admin::Options options = {}) {
        http::ListenerOptions listener;
        listener.address = "127.0.0.1:0";
        auto server = admin::Server::start(listener, std::move(options), services_, clock_);
        ASSERT_TRUE(server) << server.error().text();
        server_ = std::move(*server);
        environment_["TIDEGATE_ADMIN"] = "http://" + server_->address();
    }

    Outcome run(std::vector<const char*> arguments) {
        arguments.insert(arguments.begin(), "tidegate");
        std::ostringstream out;
        std::ostringstream err;
        const auto environment = [this](const char* name) -> std::optional<std::string> {
            const auto found = environment_.find(name);
            return found == environment_.end() ? std::nullopt : std::optional(found->second);
        };
        const Surroundings surroundings{out, err, environment, clock_};
        const int status =
            cli::run(static_cast<int>(arguments.size()), arguments.data(), commands_, surroundings);
        return {status, out.str(), err.str()};
    }

    CliTest() {
        commands_.serve = [this](const ServeOptions& options) {
            served_ = options;
            return 7;
        };
        commands_.check = [this](const CheckOptions& options) {
            checked_ = options;
            return 1;
        };
        commands_.simulate = [this](const SimulateOptions& options) {
            simulated_ = options;
            return 0;
        };
        commands_.version = "1.2.3 (abc)";
        services_.metrics_text = [] { return std::string(); };
        services_.config_json = [] { return std::string("{}"); };
        services_.features = [] { return std::vector<admin::FeatureEntry>{}; };
        services_.explain_json = [](const admin::ExplainQuestion&) -> Result<std::string> {
            return Error{.kind = ErrorKind::not_found, .message = ""};
        };
        services_.status_json = [] { return std::string("{}"); };
        services_.readiness = [] { return admin::Readiness{}; };
        services_.call = [](CallId, bool) -> Result<admin::CallAnswer> {
            return Error{.kind = ErrorKind::not_found, .message = ""};
        };
        services_.calls = [](const events::IndexFilter&) -> Result<std::vector<admin::CallLine>> {
            return std::vector<admin::CallLine>{};
        };
        services_.shadow_json = [](const std::string&, std::optional<WallTime>) -> Result<std::string> {
            return Error{.kind = ErrorKind::not_found, .message = "The feature has no shadow lane."};
        };
        services_.reload = [] { return admin::ReloadOutcome{}; };
    }

    ManualClock clock_{kNow};
    std::map<std::string, std::string> environment_;
    Commands commands_;
    admin::Services services_;
    ServeOptions served_;
    CheckOptions checked_;
    SimulateOptions simulated_;
    std::unique_ptr<admin::Server> server_;
};

}  // namespace tidegate::cli::testing
