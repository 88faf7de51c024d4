// Notices when a file that the configuration was read from has changed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::config {

// A thread of its own. It sees writes, renames over a file and swaps of any symbolic link on the way to it (as
// Kubernetes updates mounted volumes), also of the folders that include patterns name.
class Watcher {
  public:
    // `changed` runs on the watcher's thread, once for changes that come close together; it may call `watch`.
    explicit Watcher(std::function<void()> changed);
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    // From now on these files and the folders of these patterns. Any thread.
    void watch(const std::vector<std::string>& files, const std::vector<std::string>& patterns);

  private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace tidegate::config
