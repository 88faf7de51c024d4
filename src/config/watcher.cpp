#include <tidegate/config/watcher.h>

#include <tidegate/base/log.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <poll.h>
#include <set>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <thread>
#include <tuple>
#include <unistd.h>

namespace tidegate::config {
namespace {

namespace fs = std::filesystem;

constexpr int kQuietMilliseconds = 50;     // editors write in several steps
constexpr int kFallbackMilliseconds = 500; // polling, where the kernel gives no watch
constexpr int kMostLinks = 40;
constexpr std::uint32_t kEvents = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

// What a file is now: equal fingerprints mean the same content, as far as the file system can tell.
using Fingerprint = std::tuple<dev_t, ino_t, off_t, std::int64_t, std::int64_t>;

std::optional<Fingerprint> fingerprint_of(const std::string& path) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return std::nullopt;
    return Fingerprint{info.st_dev, info.st_ino, info.st_size,
                       static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec,
                       static_cast<std::int64_t>(info.st_ctim.tv_sec) * 1'000'000'000 + info.st_ctim.tv_nsec};
}

// Adds the folder of every link on the way to `path`, and of what it leads to.
void add_folders(fs::path path, std::set<std::string>& folders) {
    path = fs::absolute(path).lexically_normal();
    for (int links = 0; links < kMostLinks; ++links) {
        fs::path prefix;
        bool followed = false;
        for (auto part = path.begin(); part != path.end(); ++part) {
            prefix /= *part;
            std::error_code error;
            if (!fs::is_symlink(prefix, error)) continue;
            folders.insert(prefix.parent_path().string());
            fs::path target = prefix.parent_path() / fs::read_symlink(prefix, error);
            for (++part; part != path.end(); ++part) target /= *part;
            path = target.lexically_normal();
            followed = true;
            break;
        }
        if (!followed) break;
    }
    folders.insert(path.parent_path().string());
    std::error_code error;
    if (fs::is_directory(path, error)) folders.insert(path.string());
}

}  // namespace

class Watcher::State {
  public:
    explicit State(std::function<void()> changed)
        : changed_(std::move(changed)), inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        thread_ = std::thread([this] { run(); });
    }

    ~State() {
        stopping_ = true;
        wake();
        thread_.join();
        close(inotify_);
        close(wake_);
    }

    void watch(const std::vector<std::string>& files, const std::vector<std::string>& patterns) {
        std::set<std::string> folders;
        std::map<std::string, std::optional<Fingerprint>> seen;
        for (const std::string& file : files) {
            add_folders(file, folders);
            seen[file] = fingerprint_of(file);
        }
        for (const std::string& pattern : patterns) {
            const std::string folder = fs::path(pattern).parent_path().string();
            add_folders(folder, folders);
            seen[folder] = fingerprint_of(folder);
        }
        const std::lock_guard lock(mutex_);
        seen_ = std::move(seen);
        update_watches(folders);
    }

  private:
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
            if (watch >= 0) {
                watches_[folder] = watch;
            } else {
                polling_ = true;
            }
        }
    }

    void run() {
        bool pending = false;
        while (!stopping_) {
            std::array<pollfd, 2> sources{pollfd{inotify_, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
            const int timeout = pending ? kQuietMilliseconds : polling_ ? kFallbackMilliseconds : -1;
            const int ready = poll(sources.data(), sources.size(), timeout);
            if (stopping_) return;
            if (ready > 0) {
                pending = read_events() || pending;
                continue;
            }
            pending = false;
            if (has_changed()) changed_();
        }
    }

    bool read_events() {
        std::array<char, 16384> buffer{};
        bool any = false;
        while (read(inotify_, buffer.data(), buffer.size()) > 0) any = true;
        std::uint64_t count = 0;
        if (read(wake_, &count, sizeof count) > 0) any = true;
        return any;
    }

    bool has_changed() {
        const std::lock_guard lock(mutex_);
        bool changed = false;
        for (auto& [path, before] : seen_) {
            auto now = fingerprint_of(path);
            if (now == before) continue;
            // Remembered, so that a configuration that was refused is not tried again until it changes again.
            before = now;
            changed = true;
        }
        return changed;
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
    std::mutex mutex_;
    std::map<std::string, std::optional<Fingerprint>> seen_;
    std::map<std::string, int> watches_;
    std::thread thread_;
};

Watcher::Watcher(std::function<void()> changed) : state_(std::make_unique<State>(std::move(changed))) {}

Watcher::~Watcher() = default;

void Watcher::watch(const std::vector<std::string>& files, const std::vector<std::string>& patterns) { state_->watch(files, patterns); }

}  // namespace tidegate::config
