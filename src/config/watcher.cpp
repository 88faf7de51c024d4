#include "config/fingerprint.h"

#include <tidegate/config/watcher.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace tidegate::config {
namespace {

using namespace std::chrono_literals;
using Milliseconds = std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr Milliseconds kQuiet = 50ms;     // editors write in several steps
constexpr Milliseconds kLongest = 500ms;  // in a folder that is never quiet
constexpr Milliseconds kPolling = 500ms;  // where the kernel gives no watch
// A file's time of change comes from a coarser clock than ours.
constexpr Milliseconds kCoarseness = 20ms;
constexpr std::uint32_t kEvents = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE |
                                  IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

// The time of the file system, which no Clock of a test can stand in for.
std::int64_t file_time_now() {
    const auto now = std::chrono::system_clock::now() - kCoarseness;
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
}

bool is_plain_file(const std::string& path) {
    std::error_code error;
    return std::filesystem::is_regular_file(std::filesystem::symlink_status(path, error));
}

std::string folder_of(const std::string& path) {
    return path.substr(0, path.rfind('/') + 1);
}

}  // namespace

class Watcher::State {
  public:
    explicit State(std::function<void()> changed)
        : changed_(std::move(changed)),
          inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
          wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          looked_at_(file_time_now()) {
        thread_ = std::thread([this] { run(); });
    }

    ~State() {
        stop();
        close(inotify_);
        close(wake_);
    }

    void stop() {
        const std::lock_guard lock(stop_mutex_);
        stopping_ = true;
        wake();
        if (thread_.joinable())
            thread_.join();
    }

    void about_to_read() {
        const std::lock_guard lock(mutex_);
        look();
    }

    void watch(const std::vector<std::string>& files, const std::vector<std::string>& patterns) {
        {
            const std::lock_guard lock(mutex_);
            Seen seen;
            std::set<std::string> folders;
            std::set<std::string> ways;
            for (const std::string& file : files) {
                remember(seen, {file, false});
                // Plain files of one folder share the way there: a thousand prompts are looked up once.
                if (!is_plain_file(file) || ways.insert(folder_of(file)).second)
                    add_folders_of_path(file, folders);
            }
            for (const std::string& pattern : patterns) {
                remember(seen, {pattern, true});
                add_folders_of_pattern(pattern, folders);
            }
            seen_ = std::move(seen);
            update_watches(folders);
        }
        // What changed before its folder was watched has given no event.
        wake();
    }

  private:
    struct Path {
        std::string text;
        bool is_pattern = false;
        auto operator<=>(const Path&) const = default;
    };
    using Seen = std::map<Path, std::optional<Fingerprint>>;

    static std::optional<Fingerprint> fingerprint_of(const Path& path) {
        return path.is_pattern ? fingerprint_of_pattern(path.text) : fingerprint_of_path(path.text);
    }

    // A path that is known keeps what it was before it was read: it may have changed since. A new one that has
    // changed since the last look may have been read before that, so it counts as changed.
    void remember(Seen& seen, const Path& path) const {
        if (const auto known = seen_.find(path); known != seen_.end()) {
            seen[path] = known->second;
            return;
        }
        const bool is_newer = !path.is_pattern && changed_at(path.text) >= looked_at_;
        seen[path] = is_newer ? Fingerprint{} : fingerprint_of(path);
    }

    // Takes what is there now as seen; true if it was something else.
    bool look() {
        looked_at_ = file_time_now();
        bool changed = false;
        for (auto& [path, before] : seen_) {
            auto now = fingerprint_of(path);
            if (now == before)
                continue;
            before = std::move(now);
            changed = true;
        }
        return changed;
    }

    void update_watches(const std::set<std::string>& folders) {
        for (auto it = watches_.begin(); it != watches_.end();) {
            if (folders.contains(it->first)) {
                ++it;
                continue;
            }
            inotify_rm_watch(inotify_, it->second);
            it = watches_.erase(it);
        }
        polling_ = false;
        for (const std::string& folder : folders) {
            // Asked again even if it is watched: the folder of that name may be another one by now.
            const int watch = inotify_add_watch(inotify_, folder.c_str(), kEvents | IN_ONLYDIR);
            const auto before = watches_.find(folder);
            if (before != watches_.end() && before->second != watch) {
                inotify_rm_watch(inotify_, before->second);
                watches_.erase(before);
            }
            if (watch >= 0) {
                watches_[folder] = watch;
            } else {
                polling_ = true;
            }
        }
    }

    void run() {
        std::optional<steady_clock::time_point> since;  // events that were not looked at yet
        while (!stopping_) {
            std::array<pollfd, 2> sources{pollfd{inotify_, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
            const auto timeout = since ? kQuiet : polling_ ? kPolling : Milliseconds{-1};
            const int ready = poll(sources.data(), sources.size(), static_cast<int>(timeout.count()));
            if (stopping_)
                return;
            if (ready > 0) {
                read_events();
                if (!since)
                    since = steady_clock::now();
                if (steady_clock::now() - *since < kLongest)
                    continue;
            }
            since.reset();
            if (has_changed())
                changed_();
        }
    }

    void read_events() const {
        std::array<char, 16384> buffer{};
        while (read(inotify_, buffer.data(), buffer.size()) > 0) {
        }
        std::uint64_t count = 0;
        [[maybe_unused]] const auto size = read(wake_, &count, sizeof count);
    }

    bool has_changed() {
        const std::lock_guard lock(mutex_);
        return look();
    }

    void wake() const {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = write(wake_, &one, sizeof one);
    }

    std::function<void()> changed_;
    int inotify_;
    int wake_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> polling_{false};
    std::mutex stop_mutex_;
    std::mutex mutex_;  // of all below
    std::int64_t looked_at_;
    Seen seen_;
    std::map<std::string, int> watches_;
    std::thread thread_;
};

Watcher::Watcher(std::function<void()> changed) : state_(std::make_unique<State>(std::move(changed))) {}

Watcher::~Watcher() = default;

void Watcher::stop() {
    state_->stop();
}

void Watcher::about_to_read() {
    state_->about_to_read();
}

void Watcher::watch(const std::vector<std::string>& files, const std::vector<std::string>& patterns) {
    state_->watch(files, patterns);
}

}  // namespace tidegate::config
