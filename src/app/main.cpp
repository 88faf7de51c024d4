#include "app/commands.h"
#include "app/version.h"

#include <tidegate/cli/cli.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

int main(int argc, char** argv) {
    using namespace tidegate;
    try {
        const cli::Commands commands{
            .serve = app::serve,
            .check = app::check,
            .simulate = app::simulate,
            .version = std::string(app::kVersion) + " (" + app::kRevision + ")",
        };
        return cli::run(argc, argv, commands);
    } catch (const std::exception& exception) {
        std::fprintf(stderr, "tidegate: %s\n", exception.what());
        return EXIT_FAILURE;
    }
}
