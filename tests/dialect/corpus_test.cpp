// Foreign JSON through the real reader and writer.
#include "padded.h"

#include <tidegate/dialect/request_writer.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace tidegate::dialect {
namespace {

namespace fs = std::filesystem;

const fs::path kCorpus = fs::path(TIDEGATE_SOURCE_DIR) / "../shared/corpora/json";

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string request_with(std::string_view value) {
    return R"({"model":"m","messages":[{"role":"user","content":"x"}],"other":)" + std::string(value) + "}";
}

TEST(JsonTestSuite, IsReadAsTheStandardSays) {
    if (!fs::exists(kCorpus / "test_parsing"))
        GTEST_SKIP() << "the corpus is not here";
    // Where the standard leaves it open, what cannot be passed on safely is refused: numbers beyond 64 bits or
    // double, invalid UTF-8, lone surrogates, other encodings, more than 64 levels. Only these are accepted.
    const std::vector<std::string> open_but_accepted = {"i_number_double_huge_neg_exp.json",
                                                        "i_number_real_underflow.json"};
    int files = 0;
    for (const auto& entry : fs::directory_iterator(kCorpus / "test_parsing")) {
        const std::string name = entry.path().filename().string();
        const std::string value = read_file(entry.path());
        const bool accepted = ReadRequest(Format::openai, request_with(value)).good();
        const bool open =
            std::find(open_but_accepted.begin(), open_but_accepted.end(), name) != open_but_accepted.end();
        EXPECT_EQ(accepted, name[0] == 'y' || open) << name;
        ReadRequest(Format::anthropic, value);  // as the whole body: refused or not, never worse
        ++files;
    }
    EXPECT_GT(files, 300);
}

TEST(JsonTestSuite, PassesUntouchedWhereNobodyReadsIt) {
    if (!fs::exists(kCorpus / "test_transform"))
        GTEST_SKIP() << "the corpus is not here";
    int passed = 0;
    for (const char* folder : {"test_transform", "test_parsing"}) {
        for (const auto& entry : fs::directory_iterator(kCorpus / folder)) {
            std::string value = read_file(entry.path());
            value.erase(value.find_last_not_of(" \t\r\n") + 1);  // what follows a value is not a part of it
            const ReadRequest request(Format::openai, request_with(value));
            if (!request.good())
                continue;
            std::string out;
            ASSERT_TRUE(
                write_request(request.view(), Format::openai, {.model = "m2", .max_output_tokens = 5}, out)
                    .has_value());
            EXPECT_NE(out.find("\"other\":" + value), std::string::npos) << entry.path();
            EXPECT_TRUE(ReadRequest(Format::openai, out).good()) << entry.path();
            ++passed;
        }
    }
    EXPECT_GT(passed, 90);
}

// A body of members in any order, with any spacing, of which Tidegate changes some.
class BodyMaker {
  public:
    explicit BodyMaker(unsigned seed) : x_random(seed) {}

    std::string make(Format format) {
        std::vector<std::pair<std::string, std::string>> members = {
            {R"("model")", R"("feature")"},
            {R"("messages")", R"([ {"role":"user","content":"\u00e9 日本 \/"} ])"},
            {R"("temperature")", "1.0"},
            {R"("unknown")", R"({"a":[1.10,12345678901234567,1e5,-0.0],"z":null})"},
            {R"("f\u00fcture")", R"("\ud83d\ude00")"},
            {R"("metadata")", R"({"user_id":"u"})"},
            {R"("tidegate")", R"({"variables":{}})"},
            {R"("stream")", "true"},
            {R"("max_tokens")", "100"},
        };
        if (format == Format::openai)
            members.push_back({R"("stream_options")", R"({"other":1})"});
        std::shuffle(members.begin(), members.end(), x_random);
        members.resize(1 + x_random() % members.size());
        bool messages = false;
        for (const auto& member : members) messages = messages || member.first == R"("messages")";
        if (!messages)
            members.push_back({R"("messages")", "[]"});
        std::string out = space() + "{" + space();
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (i > 0)
                out += space() + "," + space();
            out += members[i].first + space() + ":" + space() + members[i].second;
        }
        return out + space() + "}" + space();
    }

  private:
    std::string space() {
        static constexpr std::string_view kSpaces[] = {"", "", " ", "\n", "\t\r\n "};
        return std::string(kSpaces[x_random() % 5]);
    }
    std::mt19937 x_random;
};

TEST(Fidelity, ChangesTheseMembersAndNoOthers) {
    const std::vector<PromptMessage> prompt = {{Role::system, "Be kind."}};
    for (unsigned seed = 0; seed < 1000; ++seed) {
        const Format format = seed % 2 == 0 ? Format::openai : Format::anthropic;
        const std::string body = BodyMaker(seed).make(format);
        const ReadRequest request(format, body);
        ASSERT_TRUE(request.good()) << body << request.error();
        std::string out;
        ASSERT_TRUE(write_request(request.view(), format,
                                  {.model = "m2", .prompt = prompt, .max_output_tokens = 50}, out)
                        .has_value());
        nlohmann::ordered_json before = nlohmann::ordered_json::parse(body);
        nlohmann::ordered_json after = nlohmann::ordered_json::parse(out);
        EXPECT_EQ(after["model"], "m2") << out;
        EXPECT_EQ(after["max_tokens"], 50) << out;
        if (format == Format::openai) {
            EXPECT_EQ(after["messages"][0]["content"], "Be kind.");
            EXPECT_EQ(after["messages"].size(), before["messages"].size() + 1);
            EXPECT_EQ(after.value("stream", false), after.contains("stream_options") &&
                                                        after["stream_options"].value("include_usage", false));
        } else {
            EXPECT_EQ(after["system"], "Be kind.");
            EXPECT_EQ(after["messages"], before["messages"]);
        }
        for (const char* changed :
             {"model", "max_tokens", "messages", "system", "tidegate", "stream_options"}) {
            before.erase(changed);
            after.erase(changed);
        }
        EXPECT_EQ(after.dump(), before.dump()) << "same members in the same order";
        for (const std::string_view literal : {R"({"a":[1.10,12345678901234567,1e5,-0.0],"z":null})",
                                               R"("f\u00fcture")", R"("\u00e9 日本 \/")"}) {
            EXPECT_EQ(out.find(literal) != std::string::npos, body.find(literal) != std::string::npos);
        }
    }
}

TEST(Bodies, OfManyMegabytesAreBounded) {
    // A million members where nobody reads, ten megabytes in one string: accepted or refused, in one pass.
    std::string many = "{";
    for (int i = 0; i < 300'000; ++i) many += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":0";
    many += "}";
    EXPECT_TRUE(ReadRequest(Format::openai, request_with(many)).good());
    EXPECT_FALSE(ReadRequest(Format::openai, many).good());
    EXPECT_TRUE(ReadRequest(Format::openai, request_with("\"" + std::string(10'000'000, 'x') + "\"")).good());
    EXPECT_FALSE(ReadRequest(Format::openai, std::string(100'000, '[')).good());
    EXPECT_FALSE(ReadRequest(Format::openai, request_with(std::string(100'000, '{'))).good());
}

}  // namespace
}  // namespace tidegate::dialect
