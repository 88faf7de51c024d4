// Notices when a file that the configuration was read from has changed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::config {

// A thread of its own. It sees writes, renames over a file and swaps of any symbolic link on the way to it (as
// Kubernetes updates mounted volumes), and files that appear where a pattern matches or in a watched folder. No
// change is lost, also not one that falls between the reading of a file and `watch`; now and then one is
// reported twice.
class Watcher {
  public:
    // `changed` runs on the watcher's thread, once for changes that come close together; it may call `watch`.
    explicit Watcher(std::function<void()> changed);
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    // Ends the thread; when it returns `changed` runs no more. What is called later does nothing. An owner
    // whose `changed` uses this object stops it before it lets go of it.
    void stop();

    // Call it before reading the files for another reason than `changed` (a signal, a request), so that a
    // change that is read anyway is not reported. Any thread.
    void about_to_read();
    // What was read: from now on these files and folders, and what matches these patterns. Any thread.
    void watch(const std::vector<std::string>& files, const std::vector<std::string>& patterns);

  private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace tidegate::config
