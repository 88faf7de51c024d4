// docs/metrics.md names every metric that there is, and no other.
#include <tidegate/metrics/metrics.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace tidegate::metrics {
namespace {

namespace fs = std::filesystem;

using Names = std::set<std::string>;

const std::string kSource = TIDEGATE_SOURCE_DIR;

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

Names found_in(const std::string& text, const char* pattern) {
    Names names;
    const std::regex expression(pattern);
    for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end; ++match)
        names.insert((*match)[1].str());
    return names;
}

Names documented() {
    return found_in(text_of(kSource + "/docs/metrics.md"), R"(\n\| `((?:tidegate|process)_[a-z_]+)` \|)");
}

TEST(Documentation, NamesEveryMetricThatTheSourcesName) {
    Names named;
    for (const char* folder : {"/src/metrics", "/src/app"}) {
        for (const auto& entry : fs::directory_iterator(kSource + folder)) {
            if (entry.path().extension() == ".cpp")
                named.merge(found_in(text_of(entry.path()), R"re("((?:tidegate|process)_[a-z_]+)")re"));
        }
    }
    EXPECT_EQ(documented(), named);
}

TEST(Documentation, NamesEveryMetricThatIsExposed) {
    Metrics metrics("", "");
    metrics.request_series("f", "v", "m", "p");
    metrics.upstream("p", "m");
    metrics.cohort_unassigned("f");
    metrics.shadow("f", "v").compared.increment();
    metrics.fallback("f", "v", "e", "error");
    metrics.budget_degraded("f", "small");
    metrics.budget_level("f", "users", 80);
    metrics.guardrail_trips("f", "v", "pii", "email", "output");
    const Names known = documented();
    const Names exposed = found_in(metrics.expose(), R"(# TYPE ([a-z_]+) )");
    EXPECT_GT(exposed.size(), 15U);
    for (const std::string& name : exposed) EXPECT_TRUE(known.contains(name)) << name;
}

}  // namespace
}  // namespace tidegate::metrics
