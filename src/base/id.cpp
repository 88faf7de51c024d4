#include <tidegate/base/id.h>

#include <random>

namespace tidegate {
namespace {

// mt19937_64 is enough: an id must be unique, not secret.
std::mt19937_64& generator() {
    thread_local std::mt19937_64 engine = [] {
        std::random_device device;
        std::seed_seq seed{device(), device(), device(), device()};
        return std::mt19937_64(seed);
    }();
    return engine;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

constexpr std::size_t kTextLength = 36;

bool is_dash_position(std::size_t i) {
    return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

CallId CallId::make(WallTime now) {
    const auto millis = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count());
    auto& random = generator();
    const std::uint64_t high = random();
    const std::uint64_t low = random();
    CallId id;
    for (std::size_t i = 0; i < 6; ++i) id.bytes_[i] = static_cast<std::uint8_t>(millis >> (40 - 8 * i));
    id.bytes_[6] = static_cast<std::uint8_t>(0x70 | (high & 0x0f));
    id.bytes_[7] = static_cast<std::uint8_t>(high >> 8);
    for (std::size_t i = 0; i < 8; ++i) id.bytes_[8 + i] = static_cast<std::uint8_t>(low >> (8 * i));
    id.bytes_[8] = static_cast<std::uint8_t>(0x80 | (id.bytes_[8] & 0x3f));
    return id;
}

std::optional<CallId> CallId::parse(std::string_view text) {
    if (text.size() != kTextLength)
        return std::nullopt;
    CallId id;
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < kTextLength; ++i) {
        if (is_dash_position(i)) {
            if (text[i] != '-')
                return std::nullopt;
            continue;
        }
        const int value = hex_value(text[i]);
        if (value < 0)
            return std::nullopt;
        auto& byte = id.bytes_[nibble / 2];
        byte = static_cast<std::uint8_t>((byte << 4) | value);
        ++nibble;
    }
    return id;
}

std::string CallId::to_string() const {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out(kTextLength, '-');
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < kTextLength; ++i) {
        if (is_dash_position(i))
            continue;
        const auto byte = bytes_[nibble / 2];
        out[i] = kHex[nibble % 2 == 0 ? byte >> 4 : byte & 0x0f];
        ++nibble;
    }
    return out;
}

WallTime CallId::time() const {
    std::int64_t millis = 0;
    for (std::size_t i = 0; i < 6; ++i) millis = (millis << 8) | bytes_[i];
    return WallTime{std::chrono::milliseconds{millis}};
}

}  // namespace tidegate
