// What the writer does with operations that fail.
#include "store/group_writer.h"

#include "store/open_database.h"

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace tidegate::store {
namespace {

class GroupWriterTest : public testing::Test {
  protected:
    GroupWriterTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tidegate-store-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        auto opened = open_database(folder_ + "/t.db");
        EXPECT_TRUE(opened);
        database_ = std::move(*opened);
        EXPECT_TRUE(execute(database_.get(), "CREATE TABLE t (x INTEGER PRIMARY KEY) STRICT"));
        writer_ = std::make_unique<GroupWriter>(database_.get());
    }
    ~GroupWriterTest() override {
        writer_.reset();
        database_.reset();
        std::filesystem::remove_all(folder_);
    }

    // An operation that inserts `x` and waits for the outcome.
    struct Inserted {
        std::promise<Result<void>> done;
        std::future<Result<void>> outcome = done.get_future();
    };
    std::shared_ptr<Inserted> insert(int x, std::function<Result<void>()> before = {}) {
        auto inserted = std::make_shared<Inserted>();
        Operation operation;
        operation.apply = [this, x, before = std::move(before)]() -> Result<void> {
            if (before) {
                if (auto result = before(); !result)
                    return result;
            }
            const std::string sql = "INSERT INTO t VALUES (" + std::to_string(x) + ")";
            return execute(database_.get(), sql.c_str());
        };
        operation.done = [inserted](const Result<void>& result) { inserted->done.set_value(result); };
        writer_->post(std::move(operation));
        return inserted;
    }
    // Keeps the writer busy, so that what is posted meanwhile becomes one group.
    std::promise<void> hold() {
        std::promise<void> released;
        auto wait = std::make_shared<std::future<void>>(released.get_future());
        const auto begun = std::make_shared<std::atomic<bool>>(false);
        Operation operation;
        operation.apply = [wait, begun]() -> Result<void> {
            *begun = true;
            begun->notify_one();
            wait->wait();
            return {};
        };
        writer_->post(std::move(operation));
        begun->wait(false);  // so that what is posted from now on waits in the queue
        return released;
    }

    std::string folder_;
    Database database_;
    std::unique_ptr<GroupWriter> writer_;
};

TEST_F(GroupWriterTest, GivesUpAnOperationThatIsWrongInItselfAndKeepsTheOthers) {
    auto held = hold();
    const auto one = insert(1);
    const auto again = insert(1);
    const auto two = insert(2);
    held.set_value();
    EXPECT_TRUE(one->outcome.get());
    const auto wrong = again->outcome.get();
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().kind, ErrorKind::internal);
    EXPECT_TRUE(two->outcome.get());
    EXPECT_EQ(writer_->failure(), "");
}

TEST_F(GroupWriterTest, UndoesTheGroupWhenTheDiskFails) {
    auto held = hold();
    const auto one = insert(1);
    const auto full =
        insert(2, [] { return Result<void>(Error{ErrorKind::io, ErrorSource::gateway, "disk full"}); });
    held.set_value();
    EXPECT_FALSE(one->outcome.get());
    EXPECT_EQ(full->outcome.get().error().message, "disk full");
    EXPECT_TRUE(insert(1)->outcome.get()) << "nothing of the group is there";
    EXPECT_EQ(writer_->failure(), "");
}

TEST_F(GroupWriterTest, TriesAgainWhatMustLast) {
    auto failures = std::make_shared<int>(3);
    std::promise<void> done;
    Operation operation;
    operation.apply = [this, failures]() -> Result<void> {
        if ((*failures)-- > 0)
            return Error{ErrorKind::io, ErrorSource::gateway, "disk full"};
        return execute(database_.get(), "INSERT INTO t VALUES (1)");
    };
    operation.done = [&done](const Result<void>& result) {
        EXPECT_TRUE(result);
        done.set_value();
    };
    operation.keep_trying = true;
    writer_->post(std::move(operation));
    done.get_future().get();
    EXPECT_EQ(*failures, -1);
}

TEST_F(GroupWriterTest, FindsOutByItselfThatTheDiskWorksAgain) {
    std::promise<std::string> failed;
    Operation operation;
    operation.apply = [] { return Result<void>(Error{ErrorKind::io, ErrorSource::gateway, "disk full"}); };
    operation.done = [&](const Result<void>&) { failed.set_value(writer_->failure()); };
    writer_->post(std::move(operation));
    EXPECT_EQ(failed.get_future().get(), "disk full");
    while (!writer_->works()) std::this_thread::yield();
    EXPECT_EQ(writer_->failure(), "") << "nothing else was asked of it";
}

TEST_F(GroupWriterTest, TakesAnswersThatAreNoFailures) {
    auto held = hold();
    const auto one = insert(1);
    const auto no =
        insert(2, [] { return Result<void>(Error{ErrorKind::conflict, ErrorSource::gateway, "no"}); });
    held.set_value();
    EXPECT_TRUE(one->outcome.get());
    EXPECT_EQ(no->outcome.get().error().kind, ErrorKind::conflict);
}

TEST_F(GroupWriterTest, EndsAlthoughTheDiskFailsForEver) {
    bool told = false;
    Operation operation;
    operation.apply = [] { return Result<void>(Error{ErrorKind::io, ErrorSource::gateway, "disk full"}); };
    operation.done = [&told](const Result<void>& result) { told = !result; };
    operation.keep_trying = true;
    writer_->post(std::move(operation));
    writer_->close();
    EXPECT_TRUE(told);
}

TEST_F(GroupWriterTest, WritesThousandsOfQueuedOperations) {
    auto held = hold();
    std::vector<std::shared_ptr<Inserted>> all;
    for (int i = 0; i < 5'000; ++i) all.push_back(insert(i));
    EXPECT_EQ(writer_->waiting(), 5'000U);
    held.set_value();
    for (const auto& each : all) EXPECT_TRUE(each->outcome.get());
}

}  // namespace
}  // namespace tidegate::store
