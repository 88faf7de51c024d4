#include <tidegate/yaml/document.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::yaml {
namespace {

using namespace std::chrono_literals;

LoadOptions with_environment() {
    LoadOptions options;
    options.environment = [](const std::string& name) -> std::optional<std::string> {
        if (name == "PORT")
            return "8080";
        if (name == "KEY")
            return "sk-secret";
        if (name == "EMPTY")
            return "";
        return std::nullopt;
    };
    return options;
}

// A document of one text with its problems.
struct Read {
    explicit Read(std::string_view text) : document(parse("a.yaml", text, problems, with_environment())) {}
    Cursor operator[](std::string_view key) const { return document.root()[key]; }

    Problems problems;
    Document document;
};

TEST(Cursor, ReadsEachKindOfValue) {
    const Read read(
        "name: NO\nversion: 010\nretries: 3\non: true\nrate: -1.5e-1\nwait: 800ms\nsize: 16KiB\nshare: 0.25%\n"
        "price: 0.40\ncontent: none\nlist: [a, 'b', 3]\n");
    EXPECT_EQ(read["name"].text(), "NO");
    EXPECT_EQ(read["version"].text(), "010");
    EXPECT_EQ(read["retries"].integer(0, 5), 3);
    EXPECT_TRUE(read["on"].boolean());
    EXPECT_DOUBLE_EQ(read["rate"].number(-1, 1), -0.15);
    EXPECT_EQ(read["wait"].duration(), 800ms);
    EXPECT_EQ(read["size"].byte_size(), 16384U);
    EXPECT_EQ(read["share"].percent(), 25);
    EXPECT_EQ(read["price"].money().count(), 400'000'000);
    EXPECT_EQ(read["content"].choice<int>({{"full", 1}, {"none", 2}}), 2);
    EXPECT_THAT(read["list"].text_list(), testing::ElementsAre("a", "b", "3"));
    read.document.root().finish();
    EXPECT_EQ(read.problems.text(), "");
}

TEST(Cursor, GivesTheDefaultOfWhatIsAbsent) {
    const Read read("a: 1\n");
    EXPECT_EQ(read["x"].text("d"), "d");
    EXPECT_EQ(read["x"].integer(0, 5, 4), 4);
    EXPECT_TRUE(read["x"].boolean(true));
    EXPECT_EQ(read["x"].duration(5s), 5s);
    EXPECT_EQ(read["x"].byte_size(7), 7U);
    EXPECT_EQ(read["x"].percent_or(1000), 1000);
    EXPECT_EQ(read["x"]["y"]["z"].number(0, 1, 0.5), 0.5);
    EXPECT_FALSE(read["x"].optional_money());
    EXPECT_TRUE(read["x"].text_list().empty());
    EXPECT_EQ(read.problems.text(), "");
}

TEST(Cursor, ReportsWhatIsMissingAtThePlaceAbove) {
    const Read read("a: 1\nserver:\n  limits: {}\n");
    read["server"]["limits"]["body"].byte_size();
    read["store"]["url"].text();
    EXPECT_EQ(read.problems.text(),
              "a.yaml:3:3: server.limits.body: is missing\na.yaml:1:1: store.url: is missing\n");
}

TEST(Cursor, RefusesWhatOtherReadersGuess) {
    const char* const kNoInteger[] = {"010",   "0x1f", "1_000", "1e3", "+1",  "1.0",
                                      "\"3\"", "99",   "-1",    "~",   "[1]", "{}"};
    for (const char* value : kNoInteger) {
        const Read read(std::string("a: ") + value);
        EXPECT_EQ(read["a"].integer(0, 50, 7), 7) << value;
        EXPECT_EQ(read.problems.all().size(), 1U) << value;
    }
    for (const char* value : {"yes", "on", "True", "TRUE", "1", "'true'", "~"}) {
        const Read read(std::string("a: ") + value);
        EXPECT_FALSE(read["a"].boolean(false)) << value;
        EXPECT_EQ(read.problems.all().size(), 1U) << value;
    }
    for (const char* value : {".inf", ".nan", ".5", "5.", "1e999", "01.5", "1:30", "0x1p3"}) {
        const Read read(std::string("a: ") + value);
        EXPECT_EQ(read["a"].number(-1e308, 1e308, 7), 7) << value;
        EXPECT_EQ(read.problems.all().size(), 1U) << value;
    }
}

TEST(Cursor, RefusesTimesSizesAndSharesThatAreNone) {
    for (const char* value :
         {"10", "0s", "-1s", "1.5s", "10 s", "10S", "4000d", "99999999999999999999s", "s"}) {
        const Read read(std::string("a: ") + value);
        EXPECT_FALSE(read["a"].optional_duration()) << value;
        EXPECT_TRUE(read.problems.has_errors()) << value;
    }
    for (const char* value : {"16", "16KB", "16k", "0B", "1.5MiB", "99999999TiB", "-1B"}) {
        const Read read(std::string("a: ") + value);
        EXPECT_FALSE(read["a"].optional_byte_size()) << value;
        EXPECT_TRUE(read.problems.has_errors()) << value;
    }
    for (const char* value : {"10", "0.123%", "100.01%", "-1%", "1.%", ".5%", "%", "010%", "1e1%"}) {
        const Read read(std::string("a: ") + value);
        EXPECT_FALSE(read["a"].optional_percent()) << value;
        EXPECT_TRUE(read.problems.has_errors()) << value;
    }
    for (const char* value : {"-0.01", "1e3", "0.0000000001", "$5", "99999999999", "\"5\""}) {
        const Read read(std::string("a: ") + value);
        EXPECT_FALSE(read["a"].optional_money()) << value;
        EXPECT_TRUE(read.problems.has_errors()) << value;
    }
}

TEST(Cursor, TakesABarePercentageWhereAllowed) {
    const Read read("a: 10\nb: 12.5\nc: 150%\n");
    EXPECT_EQ(read["a"].percent(Bare::allowed), 1000);
    EXPECT_EQ(read["b"].percent(Bare::allowed), 1250);
    EXPECT_EQ(read["c"].percent(Bare::refused, 100'000), 15000);
    EXPECT_EQ(read.problems.text(), "");
}

TEST(Cursor, RefusesUnknownKeysAndNamesTheNearest) {
    const Read read("server:\n  lsiten: 1\n  frobnicate: 2\n  admin: 3\n");
    const Cursor server = read["server"];
    server["listen"].optional_text();
    server["admin"].optional_text();
    server.finish();
    read.document.root().finish();
    EXPECT_EQ(read.problems.text(),
              "a.yaml:2:3: server: unknown key \"lsiten\"; did you mean \"listen\"?\n"
              "a.yaml:3:3: server: unknown key \"frobnicate\"\n");
}

TEST(Cursor, RefusesWhatIsNotBuiltYetWithAReason) {
    const Read read("feature:\n  canary: {}\n");
    read["feature"].later("canary", "comes with releases");
    read["feature"].later("shadow", "comes with releases");
    read["feature"].finish();
    EXPECT_EQ(read.problems.text(), "a.yaml:2:3: feature.canary: is not available yet: comes with releases\n");
}

TEST(Cursor, NamesTheNearestWordOfAChoice) {
    const Read read("content: ful\n");
    EXPECT_EQ(read["content"].choice<int>({{"full", 1}, {"redacted", 2}, {"none", 3}}, 2), 2);
    EXPECT_EQ(read.problems.text(),
              "a.yaml:1:10: content: must be one of full, redacted, none; did you mean full?\n");
}

TEST(Cursor, WalksEntriesAsWritten) {
    const Read read("variants:\n  next: {model: b}\n  stable: {model: a}\nlist:\n  - x\n  - [y]\n");
    std::vector<std::string> seen;
    read["variants"].each_entry([&seen](const std::string& name, const Cursor& value) {
        seen.push_back(name + "=" + value["model"].text() + "@" + value.path() + ":" + value.where().text());
    });
    read["list"].each_item([&seen](const Cursor& item) { seen.push_back(item.path()); });
    EXPECT_THAT(seen, testing::ElementsAre("next=b@variants.next:a.yaml:2:3",
                                           "stable=a@variants.stable:a.yaml:3:3", "list[0]", "list[1]"));
    EXPECT_EQ(read.problems.text(), "");
}

TEST(Cursor, ReportsAWrongKindOnce) {
    const Read read("server: 5\nempty:\nlist: {}\n");
    read["server"]["listen"].text();
    read["server"]["admin"].text();
    read["server"].finish();
    read["empty"]["x"].text();
    read["empty"].finish();
    read["list"].text_list();
    EXPECT_EQ(read.problems.text(),
              "a.yaml:1:9: server: must be a map\n"
              "a.yaml:2:1: empty: has no value; it must be a map\n"
              "a.yaml:3:1: list: must be a list\n");
}

TEST(Cursor, ReadsSubstitutedScalarsAsIfPlainAndKeepsThemSecret) {
    const Read read(
        "port: \"${PORT}\"\nkey: \"Bearer ${KEY}\"\nkeys: [\"$${KEY}\", '$5']\nlist: {a: 1, b: \"2\", c: ~}\n");
    EXPECT_EQ(read["port"].integer(1, 65535), 8080);
    EXPECT_EQ(read["key"].text(), "Bearer sk-secret");
    EXPECT_TRUE(read["key"].is_secret());
    EXPECT_THAT(read["keys"].text_list(), testing::ElementsAre("${KEY}", "$5"));
    EXPECT_EQ(
        read.document.root().json(Secrets::redacted),
        R"({"port":"[redacted]","key":"[redacted]","keys":["${KEY}","$5"],"list":{"a":1,"b":"2","c":null}})");
    EXPECT_EQ(read["key"].json(Secrets::shown), "\"Bearer sk-secret\"");
    EXPECT_EQ(read.problems.text(), "");
}

TEST(Cursor, NeverPrintsASecret) {
    const Read read("a: \"${KEY}\"\nb: \"${KEY} ${MISSING}\"\nc: \"${EMPTY}\"\n");
    read["a"].integer(0, 1);
    read["a"].choice<int>({{"sk-secrets", 1}}, 1);
    read["a"].duration();
    read["c"].text();
    EXPECT_EQ(read.problems.text().find("sk-secret\n"), std::string::npos);
    EXPECT_THAT(read.problems.text(), testing::Not(testing::HasSubstr("did you mean")));
    EXPECT_THAT(read.problems.text(),
                testing::HasSubstr("a.yaml:2:4: the environment variable MISSING is not set\n"));
    EXPECT_THAT(read.problems.text(), testing::HasSubstr("a.yaml:3:4: c: must not be empty\n"));
}

TEST(Cursor, PrintsNothingThatWasHidden) {
    const Read read("a: {key: sk-written}\n");
    EXPECT_FALSE(read["a"]["key"].is_secret());
    read["a"]["key"].hide();
    read["b"].hide();
    EXPECT_TRUE(read["a"]["key"].is_secret());
    EXPECT_EQ(read["a"]["key"].text(), "sk-written");
    EXPECT_EQ(read["a"].json(Secrets::redacted), R"({"key":"[redacted]"})");
}

TEST(Cursor, KeepsWarningsApartFromErrors) {
    const Read read("a: 1\n");
    read["a"].warning("is low");
    EXPECT_FALSE(read.problems.has_errors());
    EXPECT_EQ(read.problems.text(), "a.yaml:1:4: warning: a: is low\n");
    read["a"].problem("is too low");
    EXPECT_TRUE(read.problems.has_errors());
}

}  // namespace
}  // namespace tidegate::yaml
