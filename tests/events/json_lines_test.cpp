#include "records.h"

#include <tidegate/events/json_lines.h>

#include <filesystem>
#include <sstream>

#include <gtest/gtest.h>

namespace tidegate::events {
namespace {

class JsonLinesTest : public testing::Test {
  protected:
    Result<> deliver(int from, int to) { return deliver(sink_, from, to); }
    Result<> deliver(JsonLinesSink& sink, int from, int to) {
        std::vector<LogRecord> batch;
        for (int i = from; i < to; ++i) {
            CallRecord record = full_record();
            record.user = std::to_string(i);
            batch.push_back(log_record(record));
        }
        return sink.deliver(batch, {1, static_cast<std::uint64_t>(to)});
    }
    // The users of the lines, each of which must be a record.
    std::vector<std::string> users(const std::string& path) {
        std::istringstream lines(read_file(path));
        std::vector<std::string> all;
        for (std::string line; std::getline(lines, line);) {
            const Result<CallRecord> record = decode(line);
            EXPECT_TRUE(record) << line;
            all.push_back(record ? record->user : "?");
        }
        return all;
    }
    using Texts = std::vector<std::string>;

    TemporaryFolder folder_;
    std::string path_ = folder_ / "out/calls.jsonl";
    const std::string cursor_file_ = folder_ / "cursor";
    JsonLinesSink sink_{{.path = path_}, cursor_file_};
};

TEST_F(JsonLinesTest, AppendsALineARecordAndRemembersWhere) {
    EXPECT_EQ(*sink_.open(), std::nullopt) << "it never ran";
    ASSERT_TRUE(deliver(0, 2));
    ASSERT_TRUE(deliver(2, 3));
    EXPECT_EQ(users(path_), (Texts{"0", "1", "2"}));
    EXPECT_EQ(*sink_.open(), (Cursor{1, 3}));
}

TEST_F(JsonLinesTest, CutsALineThatIsTornAtAnyByte) {
    ASSERT_TRUE(deliver(0, 2));
    const std::string whole = read_file(path_);
    const std::size_t second = whole.find('\n') + 1;
    for (std::size_t length = second; length < whole.size(); ++length) {
        write_file(path_, whole.substr(0, length));
        ASSERT_TRUE(sink_.open());
        ASSERT_TRUE(deliver(7, 8));
        ASSERT_EQ(users(path_), (Texts{"0", "7"})) << length;
    }
    write_file(path_, whole.substr(0, second - 1));
    ASSERT_TRUE(sink_.open());
    ASSERT_TRUE(deliver(7, 8));
    EXPECT_EQ(users(path_), Texts{"7"}) << "not even the first was whole";
}

TEST_F(JsonLinesTest, GoesOnInANewFileWhenTheOldIsMovedAway) {
    ASSERT_TRUE(deliver(0, 1));
    std::filesystem::rename(path_, path_ + ".1");
    ASSERT_TRUE(deliver(1, 2));
    EXPECT_EQ(users(path_ + ".1"), Texts{"0"});
    EXPECT_EQ(users(path_), Texts{"1"});
}

TEST_F(JsonLinesTest, RotatesBeforeAFileGrowsTooLongAndKeepsTheNewest) {
    ASSERT_TRUE(deliver(0, 1));
    const std::uint64_t line = std::filesystem::file_size(path_);
    JsonLinesSink rotating({.path = path_, .rotate_bytes = line * 5 / 2, .keep_files = 2}, cursor_file_);
    for (int i = 1; i < 9; ++i) ASSERT_TRUE(deliver(rotating, i, i + 1));
    EXPECT_EQ(users(path_), Texts{"8"});
    EXPECT_EQ(users(path_ + ".1"), (Texts{"6", "7"}));
    EXPECT_EQ(users(path_ + ".2"), (Texts{"4", "5"}));
    EXPECT_FALSE(std::filesystem::exists(path_ + ".3"));
    ASSERT_TRUE(deliver(rotating, 9, 19));
    EXPECT_EQ(users(path_).size(), 10U) << "a batch is never divided";
    EXPECT_EQ(users(path_ + ".1"), Texts{"8"});
}

TEST_F(JsonLinesTest, GoesOnRotatingAfterAGapThatACrashLeft) {
    ASSERT_TRUE(deliver(0, 1));
    JsonLinesSink rotating({.path = path_, .rotate_bytes = 1, .keep_files = 3}, cursor_file_);
    for (int i = 1; i < 4; ++i) ASSERT_TRUE(deliver(rotating, i, i + 1));
    std::filesystem::remove(path_ + ".2");
    ASSERT_TRUE(deliver(rotating, 4, 5));
    EXPECT_EQ(users(path_), Texts{"4"});
    EXPECT_EQ(users(path_ + ".1"), Texts{"3"});
    EXPECT_EQ(users(path_ + ".2"), Texts{"2"});
}

TEST_F(JsonLinesTest, RotatesAlsoWhatAnEarlierProcessWrote) {
    ASSERT_TRUE(deliver(0, 3));
    JsonLinesSink rotating({.path = path_, .rotate_bytes = 1}, cursor_file_);
    ASSERT_TRUE(rotating.open());
    ASSERT_TRUE(deliver(rotating, 3, 4));
    EXPECT_EQ(users(path_ + ".1"), (Texts{"0", "1", "2"}));
    EXPECT_EQ(users(path_), Texts{"3"});
}

TEST_F(JsonLinesTest, ACursorFileOfGarbageMeansTheBeginning) {
    for (const char* text : {"", "x", "1", "1 ", "1 x\n", "1 2", "1 2\n3", "-1 2\n"}) {
        write_file(folder_ / "cursor", text);
        EXPECT_EQ(*sink_.open(), Cursor{}) << text;
    }
}

TEST_F(JsonLinesTest, FailsWhileTheFileCannotBeOpenedAndKeepsItsCursor) {
    ASSERT_TRUE(sink_.deliver({}, {1, 0}));
    std::filesystem::create_directories(path_);  // in the way
    EXPECT_FALSE(deliver(0, 1));
    EXPECT_EQ(*sink_.open(), (Cursor{1, 0}));
    std::filesystem::remove(path_);
    EXPECT_TRUE(deliver(0, 1));
    EXPECT_EQ(users(path_), Texts{"0"});
}

}  // namespace
}  // namespace tidegate::events
