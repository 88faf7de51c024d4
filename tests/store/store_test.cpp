// What the store promises: the first hash stays, it lasts, and a store that cannot be used says why.
#include "store/network_file_system.h"

#include <tidegate/store/store.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

namespace tidegate::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class StoreTest : public testing::Test {
  protected:
    StoreTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tidegate-store-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
    }
    ~StoreTest() override { std::filesystem::remove_all(folder_); }

    std::string path(const std::string& name = "data/tidegate.db") const { return folder_ + "/" + name; }
    Result<std::unique_ptr<Store>> open() const { return open_store("sqlite:" + path(), clock_); }

    // Waits for the disk.
    static Result<void> record(Store& store, const std::string& version, const std::string& hash) {
        std::promise<Result<void>> done;
        store.record_served(version, hash, [&done](Result<void> result) { done.set_value(std::move(result)); });
        return done.get_future().get();
    }

    ManualClock clock_;
    std::string folder_;
};

TEST_F(StoreTest, KeepsHashesOverARestart) {
    {
        auto store = open();
        ASSERT_TRUE(store) << store.error().message;
        EXPECT_TRUE(record(**store, "support-reply@3", "aa"));
        EXPECT_TRUE(record(**store, "support-reply@4", "bb"));
    }
    auto store = open();
    ASSERT_TRUE(store);
    const auto hashes = (*store)->served_hashes();
    ASSERT_TRUE(hashes);
    EXPECT_THAT(*hashes, ElementsAre(Pair("support-reply@3", "aa"), Pair("support-reply@4", "bb")));
}

TEST_F(StoreTest, KeepsTheFirstHashOfAVersion) {
    auto store = open();
    ASSERT_TRUE(store);
    EXPECT_TRUE(record(**store, "p@1", "aa"));
    EXPECT_TRUE(record(**store, "p@1", "aa"));
    const auto refused = record(**store, "p@1", "bb");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
    EXPECT_THAT(refused.error().message, HasSubstr("p@1"));
    EXPECT_THAT(*(*store)->served_hashes(), ElementsAre(Pair("p@1", "aa")));
}

TEST_F(StoreTest, WritesWhatIsQueuedBeforeItCloses) {
    auto store = open();
    ASSERT_TRUE(store);
    std::atomic<int> written{0};
    for (int i = 0; i < 500; ++i) {
        (*store)->record_served("p@" + std::to_string(i), "aa",
                                [&written](const Result<void>& result) { written += result ? 1 : 0; });
    }
    (*store)->close();
    EXPECT_EQ(written, 500);
    EXPECT_EQ((*store)->served_hashes()->size(), 500U);
}

TEST_F(StoreTest, RefusesWritesAfterItClosed) {
    auto store = open();
    ASSERT_TRUE(store);
    (*store)->close();
    (*store)->close();
    const auto refused = record(**store, "p@1", "aa");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::cancelled);
}

TEST_F(StoreTest, AgreesOnOneHashWhenTwoThreadsAndTwoProcessesWrite) {
    auto one = open();
    auto two = open();
    ASSERT_TRUE(one);
    ASSERT_TRUE(two);
    std::atomic<int> won{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back(
            [&, t] { won += record(t % 2 == 0 ? **one : **two, "p@1", "hash-" + std::to_string(t)) ? 1 : 0; });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(won, 1);
}

TEST_F(StoreTest, IsMadeOnceWhenSeveralOpenItTogether) {
    std::vector<std::future<std::string>> opened;
    for (int i = 0; i < 8; ++i) {
        opened.push_back(std::async(std::launch::async, [this] {
            const auto store = open();
            return store ? std::string() : store.error().message;
        }));
    }
    for (auto& one : opened) EXPECT_EQ(one.get(), "");
}

TEST_F(StoreTest, WritesAheadAndNoMoreThanItNeeds) {
    auto store = open();
    ASSERT_TRUE(store);
    ASSERT_TRUE(record(**store, "p@1", "aa"));
    EXPECT_TRUE(std::filesystem::exists(path() + "-wal"));
    store->reset();
    EXPECT_FALSE(std::filesystem::exists(path() + "-wal"));
}

TEST_F(StoreTest, RefusesWhatItCannotOpenAndSaysWhatToDo) {
    EXPECT_THAT(open_store("postgres://db/x", clock_).error().message, HasSubstr("sqlite:PATH"));
    EXPECT_THAT(open_store("sqlite:", clock_).error().message, HasSubstr("sqlite:PATH"));
    EXPECT_THAT(open_store("sqlite::memory:", clock_).error().message, HasSubstr("file on a disk"));
    std::filesystem::create_directories(path());
    const auto folder = open();
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().kind, ErrorKind::io);
    EXPECT_THAT(folder.error().message,
                testing::AllOf(HasSubstr(path()), HasSubstr("check the folder and its permissions")));
}

TEST_F(StoreTest, RefusesAFolderItCannotMake) {
    std::ofstream(path("data")) << "a file where the folder should be";
    const auto store = open();
    ASSERT_FALSE(store);
    EXPECT_THAT(store.error().message, HasSubstr("check the folder"));
}

TEST_F(StoreTest, RefusesAFileThatIsNoStore) {
    std::filesystem::create_directories(path("data"));
    std::ofstream(path()) << std::string(8192, 'x');
    const auto store = open();
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().kind, ErrorKind::io);
    EXPECT_THAT(store.error().message, HasSubstr("restore the file from a backup"));
}

TEST_F(StoreTest, RefusesAStoreOfANewerVersion) {
    ASSERT_TRUE(open());
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &raw), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(raw, "PRAGMA user_version = 1000", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(raw);
    const auto store = open();
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().kind, ErrorKind::conflict);
    EXPECT_THAT(store.error().message, HasSubstr("newer version"));
}

TEST_F(StoreTest, SaysThatAnotherProcessHoldsItAndKeepsWhatMustLast) {
    auto store = open();
    ASSERT_TRUE(store);
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &raw), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(raw, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    std::promise<Result<void>> recorded;
    (*store)->record_served("p@1", "aa", [&](Result<void> result) { recorded.set_value(std::move(result)); });
    while ((*store)->works()) std::this_thread::yield();
    EXPECT_THAT((*store)->failure(), HasSubstr("another process holds the store"));
    sqlite3_exec(raw, "ROLLBACK", nullptr, nullptr, nullptr);
    sqlite3_close(raw);
    EXPECT_TRUE(recorded.get_future().get()) << "kept until it could be written";
    EXPECT_TRUE((*store)->works());
    EXPECT_EQ((*store)->failure(), "");
}

TEST(NetworkFileSystem, IsKnownByItsNumber) {
    EXPECT_TRUE(is_network_file_system(0x6969));
    EXPECT_TRUE(is_network_file_system(0xFF534D42));
    EXPECT_TRUE(is_network_file_system(0xFE534D42));
    EXPECT_FALSE(is_network_file_system(0xEF53));      // ext4
    EXPECT_FALSE(is_network_file_system(0x58465342));  // XFS
    EXPECT_FALSE(is_network_file_system(0x01021994));  // tmpfs
    EXPECT_FALSE(is_on_network_file_system("/nowhere/at/all"));
}

}  // namespace
}  // namespace tidegate::store
