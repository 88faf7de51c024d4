// docs/configuration.md names every key that the code asks for, and no other.
#include "config/support.h"

#include <tidegate/yaml/document.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

namespace tidegate::config {
namespace {

namespace fs = std::filesystem;

const std::string kSource = TIDEGATE_SOURCE_DIR;

using Names = std::set<std::string>;

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

// The keys of the tables: the first cell of each row that is a code span.
struct Documented {
    Names keys;        // with their path
    Names of_version;  // of a prompt version
    Names later;

    Documented() {
        std::istringstream lines(text_of(kSource + "/docs/configuration.md"));
        const std::regex row(R"(^\| `([^`]+)` \|.*)");
        Names* table = nullptr;
        std::smatch match;
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("| key | comes with"))
                table = &later;
            else if (line.starts_with("| key of a version |"))
                table = &of_version;
            else if (line.starts_with("| key |"))
                table = &keys;
            else if (table != nullptr && std::regex_match(line, match, row))
                EXPECT_TRUE(table->insert(match[1].str()).second) << match[1] << " is documented twice";
        }
    }
};

std::string last_part(const std::string& path) {
    std::string part = path.substr(path.rfind('.') + 1);
    if (part.ends_with("[]"))
        part.resize(part.size() - 2);
    return part;
}

Names last_parts(const Names& paths) {
    Names parts;
    for (const std::string& path : paths) parts.insert(last_part(path));
    return parts;
}

// Maps whose keys are names of the user's choice.
bool has_free_names(const std::string& path) {
    static const Names kMaps{"segments",
                             "providers",
                             "providers.NAME.headers",
                             "providers.NAME.simulator.models",
                             "models",
                             "features",
                             "features.NAME.variants",
                             "features.NAME.answers",
                             "guardrails",
                             "guardrails.NAME.headers"};
    return kMaps.contains(path);
}

// The paths of all values, as the documentation writes them.
void collect(const yaml::Cursor& at, const std::string& path, Names& paths) {
    const bool free = has_free_names(path);
    const bool is_answer = path.ends_with(".json");
    if (at.is_map() && !is_answer) {
        // A price is a map or a word, and a weight is either: the map counts by itself.
        at.each_entry([&](const std::string& name, const yaml::Cursor& value) {
            const std::string part = free ? "NAME" : path.ends_with(".when") ? "ATTRIBUTE" : name;
            collect(value, path.empty() ? part : path + "." + part, paths);
        });
        return;
    }
    bool has_maps = false;
    if (at.is_list()) {
        at.each_item([&](const yaml::Cursor& item) {
            has_maps = has_maps || item.is_map();
            if (item.is_map())
                collect(item, path + "[]", paths);
        });
    }
    if (!has_maps)
        paths.insert(path);
}

Names keys_of_complete() {
    yaml::Problems problems;
    const yaml::Document document = yaml::load(kSource + "/tests/config/complete.yaml", problems);
    EXPECT_EQ(problems.text(), "");
    Names paths{"include"};
    collect(document.root(), "", paths);
    return paths;
}

// The keys that a source file asks for, and those that it refuses until later.
struct Asked {
    Names keys;
    Names later;

    explicit Asked(const fs::path& file) {
        const std::string text = text_of(file);
        find(text, R"re((?:\[|kind\()"([a-z_0-9]+)")re", keys);
        find(text, R"re(later\("([a-z_0-9]+)")re", later);
    }

  private:
    static void find(const std::string& text, const char* pattern, Names& names) {
        const std::regex expression(pattern);
        for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end; ++match)
            names.insert((*match)[1].str());
    }
};

// Every file that reads configuration, with the part of the documentation that its keys belong to.
const std::map<std::string, std::string> kReaders{
    {"config/load.cpp", ""},
    {"config/parse_server.cpp", ""},
    {"config/parse_models.cpp", ""},
    {"config/parse_access.cpp", ""},
    {"config/parse_features.cpp", "features.NAME."},
    {"config/parse_shadow.cpp", ""},
    {"config/content_hash.cpp", ""},
    {"config/parse_cache.cpp", ""},
    {"release/shadow_thresholds.cpp", "features.NAME.shadow."},
    {"config/parse_variant.cpp", "features.NAME.variants.NAME."},
    {"config/parse_chains.cpp", "features.NAME.answers.NAME."},
    {"flags/flag.cpp", "features.NAME."},
    {"flags/parse_condition.cpp", "features.NAME.targeting[].when.ATTRIBUTE."},
    {"ledger/price.cpp", "models.NAME.price."},
    {"ledger/budget.cpp", "features.NAME.budget."},
    {"guardrails/parse.cpp", "guardrails.NAME."},
    {"guardrails/pii.cpp", "guardrails.NAME."},
    {"guardrails/secrets.cpp", "guardrails.NAME."},
    {"guardrails/forbidden.cpp", "guardrails.NAME."},
    {"guardrails/prompt_injection.cpp", "guardrails.NAME."},
    {"guardrails/length.cpp", "guardrails.NAME."},
    {"guardrails/json_schema.cpp", "guardrails.NAME."},
    {"guardrails/http.cpp", "guardrails.NAME."},
    {"guardrails/judge.cpp", "guardrails.NAME."},
    {"events/options.cpp", ""},
    {"admin/options.cpp", "admin."},
    {"access/options.cpp", "access."},
    {"cache/options.cpp", ""},
    {"simulator/options.cpp", "providers.NAME.simulator."},
};

// Every part of every path that begins so: `timeouts` is a key as `timeouts.idle` is.
Names parts_below(const Names& paths, const std::string& prefix) {
    Names parts;
    for (const std::string& path : paths) {
        if (!path.starts_with(prefix))
            continue;
        std::istringstream rest(path);
        for (std::string part; std::getline(rest, part, '.');) parts.insert(last_part(part));
    }
    return parts;
}

TEST(Documentation, NamesExactlyTheKeysOfTheCompleteConfiguration) {
    Names documented = Documented().keys;
    // Both a word and a map, of which the map is written out.
    for (const char* both : {"models.NAME.price"}) documented.erase(both);
    Names written = keys_of_complete();
    written.erase("models.NAME.price");
    EXPECT_EQ(documented, written);
}

TEST(Documentation, NamesEveryKeyThatTheCodeAsksFor) {
    const Documented documented;
    for (const auto& [file, prefix] : kReaders) {
        const Asked asked(kSource + "/src/" + file);
        Names known = parts_below(documented.keys, prefix);
        known.merge(parts_below(documented.later, prefix));
        for (const std::string& key : asked.keys)
            EXPECT_TRUE(known.contains(key)) << file << " asks for " << key;
        EXPECT_FALSE(asked.keys.empty()) << file;
    }
}

TEST(Documentation, NamesTheKeysThatAreRefusedUntilLater) {
    const Names documented = last_parts(Documented().later);
    Names refused;
    for (const auto& [file, prefix] : kReaders) refused.merge(Asked(kSource + "/src/" + file).later);
    EXPECT_EQ(documented, refused);
}

TEST(Documentation, NamesTheKeysOfAPromptVersion) {
    Names documented = parts_below(Documented().of_version, "");
    documented.erase("NAME");
    const Asked asked(kSource + "/src/prompts/registry.cpp");
    EXPECT_EQ(documented, asked.keys);
}

// A new file that reads configuration has to be added to the list above.
TEST(Documentation, KnowsEveryFileThatReadsConfiguration) {
    for (const auto& entry : fs::recursive_directory_iterator(kSource + "/src")) {
        const std::string file = fs::relative(entry.path(), kSource + "/src").string();
        if (entry.path().extension() != ".cpp" || file.starts_with("yaml/") || file == "prompts/registry.cpp")
            continue;
        const std::string text = text_of(entry.path());
        const bool reads = text.find("yaml::Cursor") != std::string::npos && !Asked(entry.path()).keys.empty();
        EXPECT_EQ(reads, kReaders.contains(file)) << file;
    }
}

class CompleteConfiguration : public ConfigFolder {};

TEST_F(CompleteConfiguration, HasNoProblems) {
    write(
        "prompts/greet/1.yaml",
        "description: A greeting.\nmessages: [{role: system, content: \"Hello from {{brand}} in {{city}}.\"}]\n"
        "variables: {brand: {required: true}, city: {default: Bonn}}\n");
    write("ca.pem", "");
    write("answer.schema.json", R"({"type": "object"})");
    // A certificate is a matter of its own.
    std::string text = text_of(kSource + "/tests/config/complete.yaml");
    const auto tls = text.find("  tls:");
    text.erase(tls, text.find('\n', tls) + 1 - tls);
    EXPECT_EQ(problems_of(text), "");
}

}  // namespace
}  // namespace tidegate::config
