// Why work should stop, told once to everyone who waits on its behalf.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

namespace tidegate::async {

enum class CancelReason { client_gone, deadline, shutdown, superseded };
std::string_view to_string(CancelReason reason);

// One per exchange (or other unit of work). Not thread-safe: it belongs to one I/O thread. Asio's own
// cancellation is not used on the request path: it poisons every later await of the coroutine, while here the
// waiting operation alone is ended (its socket closed) and reports `cancelled`.
class Cancellation {
  public:
    // Told once, at the latest while it lives. Unregisters when destroyed.
    class Listener {
      public:
        // `on_cancel` runs at once if the cancellation has happened already. It must not throw; it may destroy
        // other listeners, not this one.
        Listener(Cancellation& cancellation, std::function<void(CancelReason)> on_cancel);
        ~Listener();
        Listener(const Listener&) = delete;
        Listener& operator=(const Listener&) = delete;

      private:
        friend class Cancellation;
        Cancellation* cancellation_;
        std::function<void(CancelReason)> on_cancel_;
        Listener* previous_ = nullptr;
        Listener* next_ = nullptr;
    };

    Cancellation() = default;
    ~Cancellation();
    Cancellation(const Cancellation&) = delete;
    Cancellation& operator=(const Cancellation&) = delete;

    // Only the first call counts.
    void cancel(CancelReason reason);
    bool cancelled() const { return reason_.has_value(); }
    std::optional<CancelReason> reason() const { return reason_; }

  private:
    void remove(Listener& listener);

    std::optional<CancelReason> reason_;
    Listener* first_ = nullptr;
};

}  // namespace tidegate::async
