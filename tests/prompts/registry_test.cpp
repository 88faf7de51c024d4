// Files as versions: read whole, refused with their place, and never changed once served.
#include "prompts/support.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace tidegate::prompts {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr const char* kGood =
    "description: Answers tickets\n"
    "messages:\n"
    "  - {role: system, content: \"You work for {{brand}}. {{ tone }}\"}\n"
    "variables:\n"
    "  brand: {required: true}\n"
    "  tone: {default: Be brief.}\n";

TEST_F(PromptFolder, ReadsEveryVersion) {
    write("support-reply/3.yaml", kGood);
    write("support-reply/4.yaml", kGood);
    write("summarize/1.yaml", "messages: [{role: user, content: Sum up.}]\n");
    const auto registry = load();
    EXPECT_EQ(problems_.text(), "");
    EXPECT_EQ(registry->all().size(), 3U);
    const auto found = registry->find("support-reply@3");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name(), "support-reply@3");
    EXPECT_TRUE(found->variables().at("brand").required);
    EXPECT_EQ(found->variables().at("tone").otherwise, "Be brief.");
    EXPECT_FALSE(registry->find("support-reply@5"));
    EXPECT_FALSE(registry->find("support-reply"));
}

TEST_F(PromptFolder, HashesTheBytesOfTheFile) {
    write("p/1.yaml", "messages: [{role: user, content: Hi}]\n");
    // printf 'messages: [{role: user, content: Hi}]\n' | sha256sum
    EXPECT_EQ(load()->find("p@1")->hash(), "952a6c95b3f47076e8585691914ff9ac01b694439153e8581f667609a40a4117");
}

TEST_F(PromptFolder, TellsTheWatcherOfFilesAndFolders) {
    write("p/1.yaml", kGood);
    load();
    EXPECT_THAT(files_, testing::IsSupersetOf({folder_ + "/prompts", path("p"), path("p/1.yaml")}));
}

TEST_F(PromptFolder, RefusesAVersionThatChangedSinceItWasServed) {
    write("p/3.yaml", "messages: [{role: user, content: Hi}]\n");
    served_["p@3"] = load()->find("p@3")->hash();
    EXPECT_TRUE(load()->find("p@3"));
    write("p/3.yaml", "messages: [{role: user, content: Hello}]\n");
    EXPECT_FALSE(load()->find("p@3"));
    EXPECT_THAT(problems_.text(),
                HasSubstr("p/3.yaml has changed since it was served; restore it and write version 4 (4.yaml)"));
    EXPECT_THAT(files_, Contains(path("p/3.yaml")));  // restoring it is seen
}

TEST_F(PromptFolder, TakesWhatIsUnchangedFromBefore) {
    write("p/1.yaml", kGood);
    write("p/2.yaml", kGood);
    const auto before = load();
    write("p/2.yaml", "messages: [{role: user, content: Hello}]\n");
    const auto after = load(before.get());
    EXPECT_EQ(problems_.text(), "");
    EXPECT_EQ(after->find("p@1"), before->find("p@1"));
    EXPECT_NE(after->find("p@2"), before->find("p@2"));
    EXPECT_EQ(after->find("p@2")->messages().front().role, dialect::Role::user);
    EXPECT_THAT(files_, testing::IsSupersetOf({path("p/1.yaml"), path("p/2.yaml")}));
}

TEST_F(PromptFolder, RemembersAgainWhatWasServedAndIsNotRemembered) {
    write("p/1.yaml", kGood);
    const auto before = load();
    EXPECT_TRUE(before->find("p@1")->first_serve());
    EXPECT_TRUE(load(before.get())->find("p@1")->first_serve());
    served_["p@1"] = before->find("p@1")->hash();
    EXPECT_FALSE(load(before.get())->find("p@1")->first_serve());
}

TEST_F(PromptFolder, WarnsAgainOfWhatIsUnchanged) {
    write("p/1.yaml", "messages: [{role: user, content: Hi}]\nvariables: {tone: {default: dry}}\n");
    const auto before = load();
    EXPECT_THAT(problems_.text(), HasSubstr("no message uses it"));
    const auto after = load(before.get());
    EXPECT_THAT(problems_.text(), HasSubstr("no message uses it"));
    EXPECT_TRUE(load(after.get())->find("p@1"));
    EXPECT_THAT(problems_.text(), HasSubstr("no message uses it"));
}

TEST_F(PromptFolder, TakesADollarAsItIs) {
    write("p/1.yaml", "messages: [{role: user, content: \"${HOME} costs $5\"}]\n");
    const auto registry = load();
    EXPECT_EQ(problems_.text(), "");
    EXPECT_EQ(registry->find("p@1")->messages().at(0).segments.at(0).text, "${HOME} costs $5");
}

TEST_F(PromptFolder, RefusesAnUndeclaredVariable) {
    write("p/1.yaml",
          "messages: [{role: user, content: \"{{brnd}}\"}]\nvariables: {brand: {required: true}}\n");
    EXPECT_FALSE(load()->find("p@1"));
    EXPECT_THAT(problems_.text(), HasSubstr("p/1.yaml:1:"));
    EXPECT_THAT(problems_.text(), HasSubstr("{{brnd}}"));
}

TEST_F(PromptFolder, WarnsOfAVariableThatIsNotUsed) {
    write("p/1.yaml", "messages: [{role: user, content: Hi}]\nvariables: {brand: {required: true}}\n");
    EXPECT_TRUE(load()->find("p@1"));
    EXPECT_FALSE(problems_.has_errors());
    EXPECT_THAT(problems_.text(), HasSubstr("no message uses it"));
}

TEST_F(PromptFolder, RefusesWhatIsNoVersion) {
    const std::pair<const char*, const char*> cases[] = {
        {"messages: []\n", "at least one message"},
        {"description: x\n", "messages"},
        {"messages: [{role: robot, content: Hi}]\n", "must be system, developer, user or assistant"},
        {"messages: [{role: tool, content: Hi}]\n", "must be system, developer, user or assistant"},
        {"messages: [{role: user, content: Hi, extra: 1}]\n", "extra"},
        {"messages: [{role: user, content: Hi}]\nmesages: 1\n", "mesages"},
        {"messages: [{role: user, content: Hi}]\nmessages: [{role: user, content: Hi}]\n", "messages"},
        {"messages: [{role: user, content: \"{{a}}\"}]\nvariables: {a: {required: true, default: x}}\n",
         "of no use"},
        {"{{{", ""},
        {"", ""},
    };
    for (const auto& [content, said] : cases) {
        write("p/1.yaml", content);
        EXPECT_FALSE(load()->find("p@1")) << content;
        EXPECT_TRUE(problems_.has_errors()) << content;
        EXPECT_THAT(problems_.text(), testing::AllOf(HasSubstr("p/1.yaml"), HasSubstr(said)));
    }
}

TEST_F(PromptFolder, RefusesFilesThatAreNoFiles) {
    std::filesystem::create_directories(path("p/1.yaml"));
    EXPECT_FALSE(load()->find("p@1"));
    EXPECT_THAT(problems_.text(), HasSubstr("cannot read"));
    std::filesystem::remove(path("p/1.yaml"));
    ASSERT_EQ(::mkfifo(path("p/1.yaml").c_str(), 0600), 0);
    EXPECT_FALSE(load()->find("p@1"));
    EXPECT_THAT(problems_.text(), HasSubstr("cannot read"));
    std::filesystem::remove(path("p/1.yaml"));
    write("p/1.yaml", "messages: [{role: user, content: " + std::string(5U << 20U, 'x') + "}]\n");
    EXPECT_FALSE(load()->find("p@1"));
    EXPECT_THAT(problems_.text(), HasSubstr("at most 4 MiB"));
}

TEST_F(PromptFolder, RefusesNamesThatNoReferenceCanHold) {
    for (const char* name : {"p/latest.yaml", "p/0.yaml", "p/01.yaml", "p/-1.yaml", "p/12345678901.yaml",
                             "a b/1.yaml", "a@2/1.yaml", "a\nb/1.yaml"}) {
        write(name, kGood);
        const auto registry = load();
        EXPECT_TRUE(registry->all().empty()) << name;
        EXPECT_TRUE(problems_.has_errors()) << name;
        for (const auto& problem : problems_.all()) EXPECT_EQ(problem.message.find('\n'), std::string::npos);
        std::filesystem::remove_all(std::filesystem::path(path(name)).parent_path());
    }
}

TEST_F(PromptFolder, PassesOverWhatEditorsAndMountsLeave) {
    write("p/1.yaml", kGood);
    write("p/.#1.yaml", "lock");
    write("p/1.yaml~", "old");
    write("p/README.md", "notes");
    write("..data/1.yaml", "mount");
    write("README.md", "notes");
    EXPECT_EQ(load()->all().size(), 1U);
    EXPECT_EQ(problems_.text(), "");
}

TEST_F(PromptFolder, SaysThatTheFolderIsMissing) {
    std::filesystem::remove_all(path(""));
    EXPECT_TRUE(load()->all().empty());
    EXPECT_THAT(problems_.text(), HasSubstr("main.yaml:1:"));
}

}  // namespace
}  // namespace tidegate::prompts
