// Files: includes, file substitutions, what the watcher is told.
#include <tidegate/yaml/document.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace tidegate::yaml {
namespace {

class Include : public testing::Test {
  protected:
    Include() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tidegate-yaml-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~Include() override { std::filesystem::remove_all(folder_); }

    std::string path(const std::string& name) const { return folder_ + "/" + name; }

    void write(const std::string& name, const std::string& content) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name)) << content;
    }

    // The problems, without the folder.
    std::string text() const {
        std::string text = problems_.text();
        for (std::size_t at = text.find(folder_); at != std::string::npos; at = text.find(folder_)) {
            text.erase(at, folder_.size() + 1);
        }
        return text;
    }

    std::string folder_;
    Problems problems_;
};

TEST_F(Include, JoinsSectionsInOrder) {
    write("main.yaml", "include: [features/*.yaml, models.yaml]\nfeatures: {a: {x: 1}}\n");
    write("features/c.yaml", "features: {c: {x: 3}}\n");
    write("features/b.yaml", "features: {b: {x: 2}}\n");
    write("models.yaml", "models: {m: 1}\n");
    const Document document = load(path("main.yaml"), problems_);
    EXPECT_EQ(text(), "");
    EXPECT_EQ(document.root().json(Secrets::shown),
              R"({"features":{"a":{"x":1},"b":{"x":2},"c":{"x":3}},"models":{"m":1}})");
    EXPECT_THAT(document.files(), testing::ElementsAre(path("main.yaml"), path("features/b.yaml"),
                                                       path("features/c.yaml"), path("models.yaml")));
    EXPECT_THAT(document.include_patterns(), testing::ElementsAre(path("features/*.yaml")));
    EXPECT_EQ(document.root()["features"]["c"]["x"].where().text(), path("features/c.yaml") + ":1:19");
}

TEST_F(Include, RefusesAKeyInTwoFilesAtTheSecond) {
    write("main.yaml", "include: [b.yaml]\nfeatures:\n  a: {x: 1}\nlog: {level: info}\nlist: [1]\n");
    write("b.yaml", "features:\n  a: {y: 1}\nlog: {level: debug}\nlist: [2]\n");
    load(path("main.yaml"), problems_);
    EXPECT_EQ(text(),
              "b.yaml:2:3: features.a: is already written at main.yaml:3:3\n"
              "b.yaml:3:7: log.level: is already written at main.yaml:4:7\n"
              "b.yaml:4:1: list: is already written at main.yaml:5:1\n");
}

TEST_F(Include, RefusesCyclesMissingFilesAndWrongKinds) {
    write("main.yaml", "include: [sub/b.yaml, none.yaml, none-*.yaml, {}]\na: 1\n");
    write("sub/b.yaml", "include: [../main.yaml]\nb: 1\n");
    const Document document = load(path("main.yaml"), problems_);
    EXPECT_EQ(text(),
              "sub/b.yaml:1:11: main.yaml includes itself\n"
              "main.yaml:1:23: cannot read none.yaml: No such file or directory\n"
              "main.yaml:1:34: warning: include: no file matches none-*.yaml\n"
              "main.yaml:1:47: include: must name a file or a pattern such as features/*.yaml\n");
    EXPECT_FALSE(document.complete());
}

TEST_F(Include, ReadsAFileOnceHoweverOftenItIsNamed) {
    write("main.yaml", "include: [b.yaml, ./b.yaml, '*.yaml']\n");
    write("b.yaml", "b: 1\n");
    const Document document = load(path("main.yaml"), problems_);
    EXPECT_EQ(document.root()["b"].integer(0, 5), 1);
    EXPECT_EQ(text(), "");  // not even that the pattern matches the file that it stands in
}

TEST_F(Include, BoundsTheNumberOfFiles) {
    write("main.yaml", "include: ['f/*.yaml']\n");
    for (int i = 0; i < 5; ++i) write("f/" + std::to_string(i) + ".yaml", "k" + std::to_string(i) + ": 1\n");
    LoadOptions options;
    options.max_files = 3;
    load(path("main.yaml"), problems_, options);
    EXPECT_THAT(text(), testing::HasSubstr("more than 3 files are included"));
}

TEST_F(Include, TakesSecretsFromFiles) {
    write("main.yaml", "include: [conf/b.yaml]\n");
    write("conf/b.yaml", "key: ${file:../secret}\nbad: ${file:none}\n");
    write("secret", "sk-secret\r\n\n");
    const Document document = load(path("main.yaml"), problems_);
    EXPECT_EQ(document.root()["key"].text(), "sk-secret");
    EXPECT_TRUE(document.root()["key"].is_secret());
    EXPECT_EQ(text(), "conf/b.yaml:2:6: cannot read conf/none: No such file or directory\n");
    EXPECT_THAT(document.files(), testing::ElementsAre(path("main.yaml"), path("conf/b.yaml"), path("secret"),
                                                       path("conf/none")));
}

TEST_F(Include, ReadsFilesThatParsersAskFor) {
    write("conf/main.yaml", "schema: ../schemas/a.json\nother: none.json\nfolder: prompts\n");
    write("schemas/a.json", "{}");
    const Document document = load(path("conf/main.yaml"), problems_);
    EXPECT_EQ(document.root()["schema"].file_content(), "{}");
    EXPECT_FALSE(document.root()["other"].file_content());
    EXPECT_EQ(document.root()["folder"].input_path(), path("conf/prompts"));
    document.root().watch(path("certificate"));
    EXPECT_EQ(text(), "conf/main.yaml:2:8: other: cannot read conf/none.json: No such file or directory\n");
    EXPECT_THAT(document.files(), testing::ElementsAre(path("conf/main.yaml"), path("schemas/a.json"),
                                                       path("conf/none.json"), path("certificate")));
}

TEST_F(Include, RefusesWhatIsNoFile) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    write("main.yaml", "include: [pipe, '']\n");
    load(path("main.yaml"), problems_);
    EXPECT_EQ(text(),
              "main.yaml:1:11: cannot read pipe: Invalid argument\n"
              "main.yaml:1:17: include: must name a file or a pattern such as features/*.yaml\n");
    Problems missing;
    const Document document = load(path("none.yaml"), missing);
    EXPECT_FALSE(document.complete());
    EXPECT_FALSE(document.root().present());
    document.root()["server"]["listen"].text();
    document.root().finish();
    EXPECT_EQ(missing.all().size(), 1U) << missing.text();
}

}  // namespace
}  // namespace tidegate::yaml
