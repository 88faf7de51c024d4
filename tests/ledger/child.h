// A process of tests/ledger_process.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include <sys/types.h>

namespace tidegate::ledger {

class Child {
  public:
    // Returns when it is ready.
    explicit Child(const std::vector<std::string>& arguments);
    // Kills it, if it still runs.
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    void tell(const std::string& line);
    std::string read_line();
    void send(int signal) const;
    // Ends it so and waits; its exit status, or the signal as a negative number.
    int end(int signal);

  private:
    pid_t id_ = -1;
    std::FILE* in_ = nullptr;   // its standard input
    std::FILE* out_ = nullptr;  // its standard output
};

}  // namespace tidegate::ledger
