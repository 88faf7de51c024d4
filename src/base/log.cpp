#include <tidegate/base/clock.h>
#include <tidegate/base/log.h>
#include <tidegate/base/text.h>

#include <atomic>
#include <cstdio>
#include <memory>

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace tidegate::log {
namespace {

constexpr std::size_t kQueueLines = 8192;

std::atomic<Level> current_level{Level::warn};
std::atomic<Format> current_format{Format::text};
std::shared_ptr<spdlog::details::thread_pool> pool;
std::shared_ptr<spdlog::async_logger> logger;

std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warn:
            return "warn";
        case Level::error:
            return "error";
    }
    return "error";
}

std::string line_of(Level level, std::string_view module, std::string_view message) {
    const std::string time = format_utc(SystemClock().wall());
    if (current_format.load() == Format::text) {
        std::string line = fmt::format("{} {:5} {}: ", time, name_of(level), module);
        // A line stays one line, whatever a message quotes.
        for (const char c : message) line += c == '\n' || c == '\r' ? ' ' : c;
        return line;
    }
    std::string line = fmt::format(R"({{"time":"{}","level":"{}","module":)", time, name_of(level));
    append_json_string(line, module);
    line += R"(,"message":)";
    append_json_string(line, message);
    line += '}';
    return line;
}

}  // namespace

void start(Level level, Format format) {
    current_level = level;
    current_format = format;
    pool = std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
    logger =
        std::make_shared<spdlog::async_logger>("tidegate", std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                               pool, spdlog::async_overflow_policy::overrun_oldest);
    logger->set_pattern("%v");
    logger->flush_on(spdlog::level::info);
}

void stop() {
    if (logger)
        logger->flush();
    // Queued lines hold the logger: the writer ends first, so that the logger goes here and not on its thread.
    pool.reset();
    logger.reset();
}

void set_level(Level level) {
    current_level = level;
}

void set_format(Format format) {
    current_format = format;
}

bool enabled(Level level) {
    return level >= current_level.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view module, std::string_view message) {
    const std::string line = line_of(level, module, message);
    if (logger) {
        logger->info(spdlog::string_view_t(line));
    } else {
        // A log that cannot be written must not stop the program: no exception as of fmt::print.
        const std::string whole = line + '\n';
        (void)!std::fwrite(whole.data(), 1, whole.size(), stderr);
    }
}

}  // namespace tidegate::log
