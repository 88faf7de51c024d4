// Every way in which a file that was read may change is noticed. Reports come by inotify: the deadline only
// bounds a test that fails.
#include "config/fingerprint.h"
#include "config/support.h"

#include <tidegate/config/watcher.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace tidegate::config {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kDeadline = 20s;

class WatcherTest : public ConfigFolder {
  protected:
    WatcherTest() { write("tidegate.yaml", "one"); }
    ~WatcherTest() override {
        if (watcher_)
            watcher_->stop();
    }

    std::string content(const std::string& name) const {
        std::ifstream file(path(name));
        return {std::istreambuf_iterator<char>(file), {}};
    }

    // From now on `read` is called at each report, as the gateway reads its configuration, and then everything
    // is watched again.
    void begin(std::function<std::string()> read, std::vector<std::string> files,
               std::vector<std::string> patterns = {}) {
        for (std::string& file : files) file = path(file);
        for (std::string& pattern : patterns) pattern = path(pattern);
        watcher_ = std::make_unique<Watcher>([this, read, files, patterns] {
            std::string now = read();
            watcher_->watch(files, patterns);
            const std::lock_guard lock(mutex_);
            read_ = std::move(now);
            condition_.notify_all();
        });
        watcher_->watch(files, patterns);
        // The files have just been made, which is not what is tested.
        watcher_->about_to_read();
    }
    void begin(const std::string& file) {
        begin([this, file] { return content(file); }, {file});
    }

    // Waits until this was read.
    [[nodiscard]] bool reads(const std::string& text) {
        std::unique_lock lock(mutex_);
        return condition_.wait_for(lock, kDeadline, [&] { return read_ == text; });
    }

    std::mutex mutex_;
    std::condition_variable condition_;
    std::string read_ = "nothing yet";
    std::unique_ptr<Watcher> watcher_;
};

TEST_F(WatcherTest, NoticesAWrite) {
    begin("tidegate.yaml");
    write("tidegate.yaml", "two");
    EXPECT_TRUE(reads("two"));
    write("tidegate.yaml", "three");
    EXPECT_TRUE(reads("three"));
}

TEST_F(WatcherTest, NoticesARenameOverIt) {
    begin("tidegate.yaml");
    write("tidegate.yaml.tmp", "two");
    fs::rename(path("tidegate.yaml.tmp"), path("tidegate.yaml"));
    EXPECT_TRUE(reads("two"));
    write("tidegate.yaml", "three");
    EXPECT_TRUE(reads("three"));
}

TEST_F(WatcherTest, NoticesThatItIsGoneAndThatItIsBack) {
    begin("tidegate.yaml");
    fs::remove(path("tidegate.yaml"));
    EXPECT_TRUE(reads(""));
    write("tidegate.yaml", "two");
    EXPECT_TRUE(reads("two"));
}

TEST_F(WatcherTest, NoticesThatItsFolderIsReplaced) {
    write("conf/tidegate.yaml", "one");
    begin("conf/tidegate.yaml");
    write("next/tidegate.yaml", "two");
    fs::rename(path("conf"), path("old"));
    fs::rename(path("next"), path("conf"));
    EXPECT_TRUE(reads("two"));
    write("conf/tidegate.yaml", "three");
    EXPECT_TRUE(reads("three"));
    fs::remove_all(path("conf"));
    EXPECT_TRUE(reads(""));
    write("conf/tidegate.yaml", "four");
    EXPECT_TRUE(reads("four"));
}

TEST_F(WatcherTest, NoticesASwapOfASymbolicLink) {
    write("a/tidegate.yaml", "one");
    write("b/tidegate.yaml", "two");
    fs::create_symlink("a/tidegate.yaml", path("link.yaml"));
    begin("link.yaml");
    fs::create_symlink("b/tidegate.yaml", path("link.tmp"));
    fs::rename(path("link.tmp"), path("link.yaml"));
    EXPECT_TRUE(reads("two"));
    // What it leads to now is watched as well.
    write("b/tidegate.yaml", "three");
    EXPECT_TRUE(reads("three"));
}

TEST_F(WatcherTest, NoticesAVolumeThatKubernetesSwaps) {
    write("mount/..2026_01/tidegate.yaml", "one");
    fs::create_directory_symlink("..2026_01", path("mount/..data"));
    fs::create_symlink("..data/tidegate.yaml", path("mount/tidegate.yaml"));
    begin("mount/tidegate.yaml");
    for (const std::string next : {"..2026_02", "..2026_03"}) {
        const fs::path before = fs::read_symlink(path("mount/..data"));
        write("mount/" + next + "/tidegate.yaml", next);
        fs::create_directory_symlink(next, path("mount/..data_tmp"));
        fs::rename(path("mount/..data_tmp"), path("mount/..data"));
        fs::remove_all(path("mount/" + before.string()));
        EXPECT_TRUE(reads(next));
    }
}

TEST_F(WatcherTest, NoticesWhatAPatternMatches) {
    write("features/a.yaml", "a");
    begin([this] { return content("features/a.yaml") + content("features/b.yaml"); }, {"features/a.yaml"},
          {"features/*.yaml"});
    write("features/b.yaml", "b");
    EXPECT_TRUE(reads("ab"));
    fs::remove(path("features/b.yaml"));
    EXPECT_TRUE(reads("a"));
}

TEST_F(WatcherTest, NoticesAFolderThatAPatternMatches) {
    write("teams/blue/features.yaml", "blue");
    begin([this] { return content("teams/red/features.yaml"); }, {}, {"teams/*/features.yaml"});
    write("elsewhere/features.yaml", "red");
    fs::rename(path("elsewhere"), path("teams/red"));
    EXPECT_TRUE(reads("red"));
}

TEST_F(WatcherTest, NoticesANewFileInAFolderThatWasRead) {
    write("prompts/greet/1.yaml", "a");
    begin([this] { return content("prompts/greet/2.yaml"); },
          {"prompts", "prompts/greet", "prompts/greet/1.yaml"});
    write("prompts/greet/2.yaml", "b");
    EXPECT_TRUE(reads("b"));
}

TEST_F(WatcherTest, LosesNoChangeThatFallsBetweenReadingAndWatching) {
    int rounds = 0;
    begin(
        [this, &rounds] {
            std::string now = content("tidegate.yaml");
            // As an editor's second write would, just after the first was read.
            if (++rounds == 1)
                write("tidegate.yaml", "the end");
            return now;
        },
        {"tidegate.yaml"});
    write("tidegate.yaml", "two");
    EXPECT_TRUE(reads("the end"));
}

TEST_F(WatcherTest, LosesNoChangeOfAFileThatWasReadBeforeItWasEverWatched) {
    begin([this] { return content("new.yaml"); }, {"tidegate.yaml"});
    write("new.yaml", "one");
    ASSERT_EQ(content("new.yaml"), "one");
    write("new.yaml", "two");
    watcher_->watch({path("tidegate.yaml"), path("new.yaml")}, {});
    EXPECT_TRUE(reads("two"));
}

TEST_F(WatcherTest, NoticesAChangeInAFolderThatIsNeverQuiet) {
    write("busy/tidegate.yaml", "one");
    begin("busy/tidegate.yaml");
    std::atomic<bool> stop{false};
    std::thread noise([&] {
        while (!stop) write("busy/.noise", "x");
    });
    write("busy/tidegate.yaml", "two");
    EXPECT_TRUE(reads("two"));
    stop = true;
    noise.join();
}

TEST_F(WatcherTest, StopsBehindTheReportThatRuns) {
    bool entered = false;
    bool released = false;
    bool done = false;
    begin(
        [&] {
            std::unique_lock lock(mutex_);
            entered = true;
            condition_.notify_all();
            condition_.wait_for(lock, kDeadline, [&] { return released; });
            done = true;
            return std::string();
        },
        {"tidegate.yaml"});
    write("tidegate.yaml", "two");
    {
        std::unique_lock lock(mutex_);
        ASSERT_TRUE(condition_.wait_for(lock, kDeadline, [&] { return entered; }));
        released = true;
        condition_.notify_all();
    }
    watcher_->stop();
    EXPECT_TRUE(done);
    watcher_->stop();
    watcher_->watch({path("tidegate.yaml")}, {});
}

TEST_F(WatcherTest, EndsWhileItWaits) {
    for (int i = 0; i < 20; ++i) {
        Watcher watcher([] {});
        watcher.watch({path("tidegate.yaml")}, {});
    }
}

class FingerprintTest : public ConfigFolder {};

TEST_F(FingerprintTest, OfAFolderIsThatOfItsVisibleNames) {
    write("prompts/1.yaml", "a");
    const auto before = fingerprint_of_path(path("prompts"));
    write("prompts/.1.yaml.swp", "an editor's");
    write("prompts/1.yaml", "changed");
    EXPECT_EQ(fingerprint_of_path(path("prompts")), before);
    write("prompts/2.yaml", "b");
    EXPECT_NE(fingerprint_of_path(path("prompts")), before);
}

TEST_F(FingerprintTest, OfAFileIsNothingWhenItIsNotThere) {
    EXPECT_EQ(fingerprint_of_path(path("nowhere")), std::nullopt);
    fs::create_symlink("nowhere", path("dangling"));
    EXPECT_EQ(fingerprint_of_path(path("dangling")), std::nullopt);
}

TEST_F(FingerprintTest, OfALinkIsThatOfWhatItLeadsTo) {
    write("a", "one");
    fs::create_symlink("a", path("link"));
    EXPECT_EQ(fingerprint_of_path(path("link")), fingerprint_of_path(path("a")));
}

TEST_F(FingerprintTest, FollowsALoopOfLinksNotForEver) {
    fs::create_symlink("b", path("a"));
    fs::create_symlink("a", path("b"));
    std::set<std::string> folders;
    add_folders_of_path(path("a/x.yaml"), folders);
    EXPECT_TRUE(folders.contains(folder_));
}

}  // namespace
}  // namespace tidegate::config
