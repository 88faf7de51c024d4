// The operator's log: one line an event on standard error, UTC, JSON or text.
#pragma once

#include <string_view>

#include <fmt/core.h>

namespace tidegate::log {

enum class Level { debug, info, warn, error };
enum class Format { json, text };

// Starts the writer thread. Call once from `main`, before any other thread. A full queue drops its oldest
// lines, it never blocks the caller. Until it is called, lines of `warn` and above go straight to standard
// error.
void start(Level level, Format format);
// Writes what is queued and stops the writer.
void stop();
// Any thread, any time.
void set_level(Level level);
void set_format(Format format);
bool enabled(Level level);

// `module` names the folder that speaks ("http", "config"). Never pass a secret, a prompt or an answer.
void write(Level level, std::string_view module, std::string_view message);

template <class... Args>
void debug(std::string_view module, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::debug))
        write(Level::debug, module, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(std::string_view module, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::info))
        write(Level::info, module, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(std::string_view module, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::warn))
        write(Level::warn, module, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view module, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::error))
        write(Level::error, module, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace tidegate::log
