#include "metrics/process.h"

#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

namespace tidegate::metrics {
namespace {

struct Stat {
    double cpu_seconds = 0;
    double virtual_bytes = 0;
    double resident_bytes = 0;
    double threads = 0;
    double start_ticks = 0;
};

// Fields of proc(5) /proc/PID/stat, counted behind the command, which may hold spaces.
std::optional<Stat> read_stat() {
    std::ifstream file("/proc/self/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto end = text.rfind(')');
    if (end == std::string::npos)
        return std::nullopt;
    std::istringstream fields(text.substr(end + 2));
    std::vector<double> values;
    std::string state;
    fields >> state;
    for (double value = 0; fields >> value;) values.push_back(value);
    if (values.size() < 21)
        return std::nullopt;
    const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    return Stat{(values[10] + values[11]) / ticks, values[19],
                values[20] * static_cast<double>(sysconf(_SC_PAGESIZE)), values[16], values[18] / ticks};
}

double boot_time() {
    std::ifstream file("/proc/stat");
    std::string name;
    double value = 0;
    for (std::string line; std::getline(file, line);) {
        std::istringstream fields(line);
        if (fields >> name >> value && name == "btime")
            return value;
    }
    return 0;
}

// Nothing when it cannot be counted, as when no descriptor is left to count with.
std::optional<double> count_open_files() {
    DIR* directory = opendir("/proc/self/fd");
    if (directory == nullptr)
        return std::nullopt;
    double count = -3;  // ".", ".." and the one that reads
    while (readdir(directory) != nullptr) ++count;
    closedir(directory);
    return count;
}

void add(std::vector<prometheus::MetricFamily>& families, const char* name, const char* help,
         prometheus::MetricType type, double value) {
    prometheus::MetricFamily family{name, help, type, {}};
    prometheus::ClientMetric metric;
    metric.counter.value = value;
    metric.gauge.value = value;
    family.metric.push_back(std::move(metric));
    families.push_back(std::move(family));
}

}  // namespace

void collect_process(std::vector<prometheus::MetricFamily>& families) {
    using prometheus::MetricType;
    if (const auto stat = read_stat()) {
        add(families, "process_cpu_seconds_total", "User and system CPU time.", MetricType::Counter,
            stat->cpu_seconds);
        add(families, "process_resident_memory_bytes", "Resident memory.", MetricType::Gauge,
            stat->resident_bytes);
        add(families, "process_virtual_memory_bytes", "Virtual memory.", MetricType::Gauge,
            stat->virtual_bytes);
        add(families, "process_threads", "Threads.", MetricType::Gauge, stat->threads);
        static const double boot = boot_time();
        add(families, "process_start_time_seconds", "Start of the process, seconds since 1970.",
            MetricType::Gauge, boot + stat->start_ticks);
    }
    if (const auto count = count_open_files()) {
        add(families, "process_open_fds", "Open file descriptors.", MetricType::Gauge, *count);
    }
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        add(families, "process_max_fds", "The most file descriptors that may be open.", MetricType::Gauge,
            static_cast<double>(limit.rlim_cur));
    }
}

}  // namespace tidegate::metrics
