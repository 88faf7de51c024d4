#include <tidegate/base/text.h>
#include <tidegate/simulator/behaviour.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

namespace tidegate::simulator {
namespace {

using std::chrono::milliseconds;

constexpr int kMostTokens = 200'000;

template <class T>
bool read_number(std::string_view text, T least, T most, T& out) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= least && value <= most))
        return false;
    out = value;
    return true;
}

// "800ms", "3s", "0ms"; a bare number is milliseconds.
bool read_duration(std::string_view text, Duration& out) {
    std::int64_t unit = 1;
    if (text.ends_with("ms")) {
        text.remove_suffix(2);
    } else if (text.ends_with("s")) {
        text.remove_suffix(1);
        unit = 1000;
    }
    std::int64_t value = 0;
    if (!read_number<std::int64_t>(text, 0, 3'600'000, value))
        return false;
    out = milliseconds{value * unit};
    return true;
}

bool read_latency(std::string_view text, Latency& out) {
    Latency latency;
    const auto tilde = text.find('~');
    if (tilde != std::string_view::npos) {
        if (!read_duration(text.substr(tilde + 1), latency.deviation))
            return false;
        text = text.substr(0, tilde);
    }
    latency.points.clear();
    while (true) {
        const auto slash = text.find('/');
        Duration point{};
        if (!read_duration(text.substr(0, slash), point))
            return false;
        latency.points.push_back(point);
        if (slash == std::string_view::npos)
            break;
        text.remove_prefix(slash + 1);
    }
    if (latency.points.size() > 1 && tilde != std::string_view::npos)
        return false;
    if (!std::is_sorted(latency.points.begin(), latency.points.end()))
        return false;
    out = std::move(latency);
    return true;
}

// Percent-decoded, so that a text may hold commas and spaces.
std::string decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3) {
            out += static_cast<char>(byte);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

bool set_fault(std::string_view name, Behaviour& to) {
    static constexpr std::pair<std::string_view, Fault> kFaults[] = {
        {"none", Fault::none},
        {"hang", Fault::hang},
        {"drop", Fault::drop},
        {"stall", Fault::stall},
        {"reset", Fault::reset},
        {"truncate", Fault::truncate},
        {"cut", Fault::cut},
        {"garbage", Fault::garbage},
        {"error", Fault::error},
        {"not-a-stream", Fault::not_a_stream},
        {"error-not-a-stream", Fault::error_not_a_stream},
    };
    for (const auto& [word, fault] : kFaults) {
        if (word == name) {
            to.fault = fault;
            return true;
        }
    }
    return false;
}

bool set_flag(std::string_view name, Behaviour& to) {
    if (name == "echo") {
        to.echo = true;
    } else if (name == "refusal") {
        to.refusal = true;
    } else if (name == "no-usage") {
        to.usage = false;
    } else if (name == "tool") {
        to.tools = 1;
    } else {
        return set_fault(name, to);
    }
    return true;
}

bool set_count(std::string_view name, std::string_view value, Behaviour& to) {
    const auto optional = [&](std::optional<int>& out, int least, int most) {
        return read_number(value, least, most, out.emplace());
    };
    if (name == "chunk")
        return read_number(value, 1, kMostTokens, to.tokens_per_chunk);
    if (name == "slice")
        return read_number(value, 0, 1'000'000, to.slice);
    if (name == "tokens")
        return optional(to.tokens, 0, kMostTokens);
    if (name == "tools")
        return optional(to.tools, 0, 16);
    if (name == "input")
        return optional(to.input_tokens, 0, 100'000'000);
    if (name == "cached")
        return read_number(value, 0, 100'000'000, to.cached_tokens);
    if (name == "cache-write")
        return read_number(value, 0, 100'000'000, to.cache_write_tokens);
    if (name == "reasoning")
        return read_number(value, 0, kMostTokens, to.reasoning_tokens);
    if (name == "after")
        return read_number(value, 0, kMostTokens, to.after);
    return false;
}

bool set_value(std::string_view name, std::string_view value, Behaviour& to) {
    if (name == "latency")
        return read_latency(value, to.latency);
    if (name == "first-token")
        return read_duration(value, to.first_token);
    if (name == "rate")
        return read_number(value, 0.0, 1e6, to.tokens_per_second);
    if (name == "logprob")
        return read_number(value, -100.0, 0.0, to.logprob);
    if (name == "text") {
        to.text = decode(value);
        return true;
    }
    if (name == "finish" && !value.empty()) {
        to.finish = value;
        return true;
    }
    if (name == "retry-after") {
        to.retry_after = decode(value);
        return to.retry_after->find_first_of("\r\n") == std::string::npos;
    }
    if (name == "status") {
        to.fault = Fault::status;
        return read_number(value, 400, 599, to.status);
    }
    return set_count(name, value, to);
}

// The inverse of the normal distribution's integral, by the bisection of std::erfc: a few microseconds, no
// table.
double normal_at(double quantile) {
    double low = -6;
    double high = 6;
    for (int step = 0; step < 40; ++step) {
        const double middle = (low + high) / 2;
        (0.5 * std::erfc(-middle / std::sqrt(2.0)) < quantile ? low : high) = middle;
    }
    return low;
}

}  // namespace

Duration Latency::at(double quantile) const {
    if (points.size() > 1) {
        const double place = quantile * static_cast<double>(points.size() - 1);
        const auto index = std::min(static_cast<std::size_t>(place), points.size() - 2);
        const auto part = std::chrono::duration<double, std::nano>(points[index + 1] - points[index]) *
                          (place - static_cast<double>(index));
        return points[index] + std::chrono::duration_cast<Duration>(part);
    }
    const Duration mean = points.empty() ? Duration::zero() : points.front();
    if (deviation == Duration::zero())
        return mean;
    const auto off = std::chrono::duration<double, std::nano>(deviation) * normal_at(quantile);
    return std::max(Duration::zero(), mean + std::chrono::duration_cast<Duration>(off));
}

Result<Behaviour> apply_directives(std::string_view directives, Behaviour base) {
    while (!directives.empty()) {
        const auto comma = directives.find(',');
        const std::string_view directive = trim(directives.substr(0, comma));
        directives = comma == std::string_view::npos ? std::string_view{} : directives.substr(comma + 1);
        if (directive.empty())
            continue;
        const auto equals = directive.find('=');
        const bool known = equals == std::string_view::npos
                               ? set_flag(directive, base)
                               : set_value(directive.substr(0, equals), directive.substr(equals + 1), base);
        if (!known) {
            return Error{
                .kind = ErrorKind::invalid_input,
                .message = "unknown or wrong directive of the simulator: \"" + std::string(directive) + "\""};
        }
    }
    return base;
}

ModelName split_model(std::string_view name) {
    const auto dashes = name.find("--");
    if (dashes == std::string_view::npos)
        return {name, {}};
    return {name.substr(0, dashes), name.substr(dashes + 2)};
}

}  // namespace tidegate::simulator
