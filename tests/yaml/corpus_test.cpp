// The whole of yaml-test-suite through the loader.
#include <tidegate/yaml/document.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace tidegate::yaml {
namespace {

const char* const kCorpus = TIDEGATE_SOURCE_DIR "/../shared/corpora/yaml/src";

// An anchor at the column of its key, before a list: odd, but nothing can be misunderstood.
const char* const kAccepted = "G9HC.yaml";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

// The suite writes invisible characters as visible ones.
std::string decode(std::string text) {
    for (const char* tab : {"———»", "——»", "—»", "»"}) replace_all(text, tab, "\t");
    replace_all(text, "␣", " ");
    replace_all(text, "↵", "");
    replace_all(text, "∎\n", "");
    replace_all(text, "←", "\r");
    replace_all(text, "⇔", "\xef\xbb\xbf");
    return text;
}

struct Case {
    std::string file;
    std::string yaml;
    bool fail = false;
};

// The suite's files are lists, which the loader refuses as a whole; under a key they are none.
std::vector<Case> read_cases() {
    std::vector<Case> cases;
    for (const auto& entry : std::filesystem::directory_iterator(kCorpus)) {
        std::ifstream stream(entry.path());
        std::stringstream content;
        content << stream.rdbuf();
        std::string text = content.str();
        if (text.starts_with("---\n"))
            text.erase(0, 4);
        Problems problems;
        LoadOptions options;
        options.substitutions = false;
        const Document document = parse(entry.path().filename(), "cases:\n" + text, problems, options);
        EXPECT_EQ(problems.text(), "");
        document.root()["cases"].each_item([&](const Cursor& item) {
            cases.push_back(
                {entry.path().filename(), decode(item["yaml"].text("")), item["fail"].boolean(false)});
        });
        EXPECT_EQ(problems.text(), "");
    }
    return cases;
}

TEST(Corpus, NeverCrashesAndRefusesWhatMustFail) {
    if (!std::filesystem::exists(kCorpus))
        GTEST_SKIP() << "the corpus is not here";
    const std::vector<Case> cases = read_cases();
    EXPECT_GT(cases.size(), 350U);
    int failing = 0;
    for (const Case& c : cases) {
        Problems problems;
        const Document document = parse("case.yaml", c.yaml, problems);
        document.root().json(Secrets::shown);
        if (!c.fail || c.file == kAccepted)
            continue;
        ++failing;
        EXPECT_TRUE(problems.has_errors()) << c.file << ":\n" << c.yaml;
    }
    EXPECT_GT(failing, 80);
}

}  // namespace
}  // namespace tidegate::yaml
