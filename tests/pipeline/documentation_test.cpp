// docs/errors.md has every code that a client can get.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace tidegate::pipeline::test {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(Documentation, NamesEveryErrorThatTheSourcesAnswerWith) {
    const fs::path root(TIDEGATE_SOURCE_DIR);
    const std::regex pair(R"re(\b([45][0-9]{2}),\s*"([a-z_]+)")re");
    std::set<std::string> rows;
    for (const auto& entry : fs::recursive_directory_iterator(root / "src")) {
        if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h")
            continue;
        const std::string text = read_file(entry.path());
        for (std::sregex_iterator found(text.begin(), text.end(), pair), end; found != end; ++found) {
            rows.insert("| `" + found->str(2) + "` | " + found->str(1) + " |");
        }
    }
    EXPECT_GT(rows.size(), 15U);
    const std::string page = read_file(root / "docs/errors.md");
    for (const std::string& row : rows) EXPECT_NE(page.find(row), std::string::npos) << row;
}

}  // namespace
}  // namespace tidegate::pipeline::test
