#include "cli/client_command.h"
#include "cli/printable.h"

#include <tidegate/base/text.h>
#include <tidegate/cli/cli.h>

#include <cstdlib>
#include <iostream>
#include <sstream>

#include <CLI/CLI.hpp>

namespace tidegate::cli {
namespace {

// The tree of commands. What a command reads stands here until it runs.
class CommandLine {
  public:
    CommandLine(const Commands& commands, const Surroundings& surroundings)
        : commands_(commands), client_{surroundings, false} {
        app_.require_subcommand(1);
        // `--json` may stand behind the command.
        app_.fallthrough();
        app_.set_version_flag("--version", "tidegate " + commands.version);
        app_.add_flag("--json", client_.json, "Print JSON instead of tables");
        app_.footer(
            "Commands that ask a running gateway read TIDEGATE_ADMIN (default http://127.0.0.1:9900) and\n"
            "TIDEGATE_TOKEN. Exit status: 0 done, 1 refused or failed, 3 no gateway there, 64 wrong usage.");
        add_starting();
        add_process();
        add_feature();
        add_call();
        add_shadow();
        add_key();
    }

    int run(int argc, const char* const* argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            std::ostringstream message;
            const int status = app_.exit(error, client_.surroundings.out, message);
            client_.surroundings.err << printable(message.str(), Lines::many);
            return status == 0 ? kOk : kWrongUsage;
        }
        return chosen_();
    }

  private:
    CLI::App* add(CLI::App& parent, const char* name, const char* description, std::function<int()> command) {
        CLI::App* app = parent.add_subcommand(name, description);
        app->callback([this, command = std::move(command)] { chosen_ = command; });
        return app;
    }

    static void add_text(CLI::App* app, const char* name, std::string& value, const char* description) {
        app->add_option(name, value, description);
    }

    void add_starting() {
        CLI::App* serve = add(app_, "serve", "Run the gateway", [this] { return commands_.serve(serve_); });
        serve->add_option("--config", serve_.config, "The configuration file")->required();
        serve->add_option("--ports-file", serve_.ports_file, "Where to write the addresses that were bound");
        CLI::App* check = add(app_, "check", "Validate a configuration; prints every problem",
                              [this] { return commands_.check(check_); });
        check->add_option("--config", check_.config, "The configuration file")->required();
        CLI::App* simulate = add(app_, "simulate", "Run the simulated provider alone",
                                 [this] { return commands_.simulate(simulate_); });
        simulate->add_option("--listen", simulate_.listen, "Where to listen")->capture_default_str();
        simulate->add_option("--behaviour", simulate_.behaviour,
                             "How it answers (\"latency=300ms, status=503\")");
    }

    void add_process() {
        add(app_, "status", "Readiness and counters of the running gateway",
            [this] { return status_command(client_); });
        add(app_, "reload", "Read the configuration again", [this] { return reload_command(client_); });
    }

    void add_feature() {
        CLI::App* feature = app_.add_subcommand("feature", "Features and their decisions");
        feature->require_subcommand(1);
        add(*feature, "list", "All features", [this] { return feature_list_command(client_); });
        CLI::App* show = add(*feature, "show", "One feature",
                             [this] { return feature_show_command(client_, explain_.feature); });
        show->add_option("feature", explain_.feature, "Its name")->required()->check(not_empty());
        CLI::App* explain = add(*feature, "explain", "Which variant a call would get, and why",
                                [this] { return feature_explain_command(client_, explain_); });
        explain->add_option("feature", explain_.feature, "Its name")->required()->check(not_empty());
        add_text(explain, "--user", explain_.user, "The user to decide for");
        add_text(explain, "--conversation", explain_.conversation, "The conversation to decide for");
        explain
            ->add_option("--attr", explain_.attributes,
                         "An attribute, name=value; true, false and numbers are such, \"5\" in quotes is text")
            ->allow_extra_args(false);
    }

    void add_call() {
        CLI::App* call = app_.add_subcommand("call", "Call records");
        call->require_subcommand(1);
        CLI::App* show = add(*call, "show", "What happened in a call, and what it cost",
                             [this] { return call_show_command(client_, id_); });
        show->add_option("id", id_, "The call's id (x-tidegate-call-id)")->required();
        CLI::App* list =
            add(*call, "list", "Calls, newest first", [this] { return call_list_command(client_, list_); });
        add_text(list, "--feature", list_.feature, "Only of this feature");
        add_text(list, "--user", list_.user, "Only of this user");
        add_text(list, "--conversation", list_.conversation, "Only of this conversation");
        add_text(list, "--since", list_.since,
                 "From then on: 2026-11-01, 2026-11-01T12:30:00Z, or ago: 2h, 7d");
        add_text(list, "--until", list_.until, "Before then");
        add_text(list, "--status", list_.status, "An outcome (ok, timeout, ...) or an HTTP status");
        add_text(list, "--before", list_.before, "Older than this call");
        list->add_flag("--shadow", list_.shadow, "Runs of the shadow lane instead of the users' calls");
        list->add_option("--limit", list_.limit, "At most so many")
            ->check(CLI::Range(1, 1000))
            ->capture_default_str();
    }

    void add_key() {
        CLI::App* key = app_.add_subcommand("key", "Access keys");
        key->require_subcommand(1);
        CLI::App* made = add(*key, "new", "Make a key and print it, once; nothing is stored",
                             [this] { return key_new_command(client_, key_name_); });
        made->add_option("name", key_name_, "Whose it is, for records and limits")
            ->required()
            ->check(usable_name());
    }

    static CLI::Validator usable_name() {
        return {[](std::string& text) {
                    return is_name(text) ? std::string()
                                         : "is no name: at most " + std::to_string(kLongestName) +
                                               " of letters, digits, _, - and .";
                },
                ""};
    }

    void add_shadow() {
        CLI::App* shadow = app_.add_subcommand("shadow", "The shadow lane");
        shadow->require_subcommand(1);
        CLI::App* report = add(*shadow, "report", "The verdict on a feature's candidate, with its figures",
                               [this] { return shadow_report_command(client_, shadow_report_); });
        report->add_option("feature", shadow_report_.feature, "The feature's name")
            ->required()
            ->check(not_empty());
        add_text(report, "--since", shadow_report_.since,
                 "Only runs from then on: 2026-11-01, 2026-11-01T12:30:00Z, or ago: 2h, 7d");
    }

    static CLI::Validator not_empty() {
        return {
            [](std::string& text) { return text.empty() ? std::string("must not be empty") : std::string(); },
            ""};
    }

    const Commands& commands_;
    Client client_;
    ServeOptions serve_;
    CheckOptions check_;
    SimulateOptions simulate_{.listen = "127.0.0.1:8089", .behaviour = {}};
    ExplainArguments explain_;
    CallListArguments list_;
    ShadowReportArguments shadow_report_;
    std::string id_;
    std::string key_name_;
    std::function<int()> chosen_;
    CLI::App app_{"Tidegate, the gate between applications and language models", "tidegate"};
};

}  // namespace

int run(int argc, const char* const* argv, const Commands& commands, const Surroundings& surroundings) {
    CommandLine line(commands, surroundings);
    return line.run(argc, argv);
}

int run(int argc, const char* const* argv, const Commands& commands) {
    const SystemClock clock;
    const auto environment = [](const char* name) -> std::optional<std::string> {
        const char* value = std::getenv(name);
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
    return run(argc, argv, commands, Surroundings{std::cout, std::cerr, environment, clock});
}

}  // namespace tidegate::cli
