// What is wrong with the configuration, each with its place, collected so that one `check` shows everything.
#pragma once

#include <string>
#include <vector>

namespace tidegate::yaml {

// A place in a file. Lines and columns count from 1; 0 means the file as a whole.
struct Location {
    std::string file;
    int line = 0;
    int column = 0;

    // "file:line:column"
    std::string text() const;
    bool operator==(const Location&) const = default;
};

enum class Severity { error, warning };

struct Problem {
    Location where;
    Severity severity = Severity::error;
    std::string message;  // one line, without secrets

    // "file:line:column: message", with "warning: " before the message of a warning.
    std::string text() const;
};

// The problems in the order in which they were found. One thread. Must outlive the documents that report to it.
class Problems {
  public:
    void add(Location where, std::string message, Severity severity = Severity::error);
    void warn(Location where, std::string message) {
        add(std::move(where), std::move(message), Severity::warning);
    }

    bool has_errors() const { return errors_ > 0; }
    bool empty() const { return all_.empty(); }
    const std::vector<Problem>& all() const { return all_; }
    // One line a problem.
    std::string text() const;

  private:
    std::vector<Problem> all_;
    std::size_t errors_ = 0;
};

}  // namespace tidegate::yaml
