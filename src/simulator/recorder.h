// What was received, for tests to look at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::simulator {

// A request as it came.
struct Received {
    std::string method;
    std::string target;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    // The first header of that name in any case; empty if there is none.
    std::string_view header(std::string_view name) const;
};

// Bounded: the last `keep` requests, 256 KiB of each body, 1,000 model names.
class Recorder {
  public:
    explicit Recorder(std::size_t keep) : keep_(keep) {}

    void add(const Received& received);
    void count_model(std::string_view model);
    void clear();

    // JSON: newest first, at most `most`.
    std::string last(std::size_t most) const;
    const std::map<std::string, std::uint64_t, std::less<>>& models() const { return models_; }

  private:
    std::size_t keep_;
    std::deque<Received> last_;
    std::map<std::string, std::uint64_t, std::less<>> models_;
};

}  // namespace tidegate::simulator
