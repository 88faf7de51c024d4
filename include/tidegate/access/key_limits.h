// What each key has taken just now, of the whole process. It survives reloads.
#pragma once

#include <tidegate/access/minute_bucket.h>
#include <tidegate/access/options.h>
#include <tidegate/base/clock.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tidegate::access {

class KeyLimit;

// A request in progress; gives its place back when destroyed. Outlived by its limit.
class Permit {
  public:
    Permit() = default;
    Permit(Permit&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept;
    ~Permit() { release(); }
    explicit operator bool() const { return limit_ != nullptr; }
    void release();

  private:
    friend class KeyLimit;
    explicit Permit(KeyLimit* limit) : limit_(limit) {}
    KeyLimit* limit_ = nullptr;
};

// What came of asking for a request.
struct Admission {
    Permit permit;           // empty: refused
    std::string_view limit;  // that is reached, by its name in the configuration
    Duration retry_after{};  // of a refusal: when another try may do better
};

// Of one key. Any thread; a lock of some nanoseconds makes it exact for all of them together. The bounds are
// given with each question, so that a reload changes them at once.
class KeyLimit {
  public:
    KeyLimit() = default;
    KeyLimit(const KeyLimit&) = delete;
    KeyLimit& operator=(const KeyLimit&) = delete;

    // Counts a request if none of the bounds is reached; a refused one counts nowhere.
    Admission admit(const Limits& limits, SteadyTime now);

    bool try_take_tokens(std::int64_t tokens, std::int64_t per_minute, SteadyTime now);
    void give_back_tokens(std::int64_t tokens);
    // See MinuteBucket::wait.
    std::optional<Duration> wait_for_tokens(std::int64_t tokens, std::int64_t per_minute, SteadyTime now);

    std::int64_t in_flight() const;

  private:
    friend class Permit;
    void leave();

    mutable std::mutex mutex_;
    std::int64_t in_flight_ = 0;
    MinuteBucket requests_;
    MinuteBucket tokens_;
};

// By the key's name.
class KeyLimits {
  public:
    // Made at the first call; the reference stays valid. Any thread.
    KeyLimit& of(std::string_view name);

  private:
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<KeyLimit>, std::less<>> limits_;
};

}  // namespace tidegate::access
