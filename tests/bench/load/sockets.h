// The few system calls that load and upstream share. Failures that mean a wrong set-up end the program with a
// message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

[[noreturn]] void fail(std::string_view what);

int listen_on(std::uint16_t port);
// Begins to connect to a port of this machine.
int connect_to(std::uint16_t port);
void set_no_delay(int descriptor);
void raise_descriptors();
// Timers as exact as the machine can.
void sharpen_timers();

// Of one thread.
class Poller {
  public:
    Poller();
    void add(int descriptor, bool output);
    void change(int descriptor, bool output);

    struct Event {
        int descriptor;
        bool input, output;
    };
    // Waits until something can be read or written, at most `nanoseconds` (below 0: for ever). Returns how
    // many.
    int wait(std::int64_t nanoseconds);
    Event event(int number) const;

  private:
    static constexpr int capacity = 512;
    int descriptor_;
    struct Storage;
    Storage* storage_;
};

// What a write came to: false if the connection is gone. Takes what was written from `sent` on.
bool write_some(int descriptor, const std::string& data, std::size_t& sent);

}  // namespace bench
