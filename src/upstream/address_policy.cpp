#include <tidegate/base/text.h>
#include <tidegate/upstream/address_policy.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace tidegate::upstream {
namespace {

using asio::ip::address;
using asio::ip::address_v4;
using asio::ip::address_v6;

struct RangeV4 {
    std::uint32_t network;
    int bits;
    AddressRange range;
};

constexpr std::uint32_t ip(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
    return a << 24 | b << 16 | c << 8 | d;
}

// The special-purpose registry (RFC 6890 and later), the first match counts.
constexpr RangeV4 kRangesV4[] = {
    {ip(169, 254, 169, 254), 32, AddressRange::metadata},  // nearly all clouds
    {ip(169, 254, 170, 0), 24, AddressRange::metadata},    // credentials of AWS containers
    {ip(100, 100, 100, 200), 32, AddressRange::metadata},  // Alibaba
    {ip(192, 0, 0, 192), 32, AddressRange::metadata},      // Oracle
    {ip(168, 63, 129, 16), 32, AddressRange::metadata},    // Azure
    {ip(0, 0, 0, 0), 8, AddressRange::unusable},
    {ip(127, 0, 0, 0), 8, AddressRange::loopback},
    {ip(10, 0, 0, 0), 8, AddressRange::private_use},
    {ip(172, 16, 0, 0), 12, AddressRange::private_use},
    {ip(192, 168, 0, 0), 16, AddressRange::private_use},
    {ip(100, 64, 0, 0), 10, AddressRange::private_use},
    {ip(169, 254, 0, 0), 16, AddressRange::link_local},
    {ip(192, 0, 0, 0), 24, AddressRange::private_use},
    {ip(192, 0, 2, 0), 24, AddressRange::private_use},
    {ip(192, 88, 99, 0), 24, AddressRange::private_use},
    {ip(198, 18, 0, 0), 15, AddressRange::private_use},
    {ip(198, 51, 100, 0), 24, AddressRange::private_use},
    {ip(203, 0, 113, 0), 24, AddressRange::private_use},
    {ip(224, 0, 0, 0), 3, AddressRange::unusable},  // multicast, reserved, broadcast
};

AddressRange range_of_v4(std::uint32_t value) {
    for (const RangeV4& entry : kRangesV4) {
        const std::uint32_t mask = ~std::uint32_t{0} << (32 - entry.bits);
        if ((value & mask) == entry.network)
            return entry.range;
    }
    return AddressRange::global;
}

std::uint32_t word(const address_v6::bytes_type& bytes, std::size_t at) {
    return ip(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
}

bool begins(const address_v6::bytes_type& bytes, std::initializer_list<std::uint8_t> prefix) {
    return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

// The IPv4 address that traffic to this one would end at, if any.
std::optional<std::uint32_t> inner_v4(const address_v6::bytes_type& bytes) {
    const bool zeros =
        std::all_of(bytes.begin(), bytes.begin() + 10, [](std::uint8_t byte) { return byte == 0; });
    if (zeros && bytes[10] == 0xff && bytes[11] == 0xff)
        return word(bytes, 12);  // mapped
    if (zeros && bytes[10] == 0 && bytes[11] == 0 && word(bytes, 12) > 1)
        return word(bytes, 12);  // compatible
    if (begins(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0}))
        return word(bytes, 12);  // SIIT
    if (begins(bytes, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}))
        return word(bytes, 12);  // NAT64
    if (begins(bytes, {0x20, 0x02}))
        return word(bytes, 2);  // 6to4
    if (begins(bytes, {0x20, 0x01, 0, 0}))
        return ~word(bytes, 12);  // Teredo
    if ((bytes[8] & 0xfdU) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe)
        return word(bytes, 12);  // ISATAP
    return std::nullopt;
}

AddressRange range_of_v6(const address_v6& v6) {
    const address_v6::bytes_type bytes = v6.to_bytes();
    if (v6.is_unspecified())
        return AddressRange::unusable;
    if (v6.is_loopback())
        return AddressRange::loopback;
    if (const std::optional<std::uint32_t> inner = inner_v4(bytes)) {
        const AddressRange range = range_of_v4(*inner);
        if (range != AddressRange::global)
            return range;
    }
    if (bytes[0] == 0xff)
        return AddressRange::unusable;
    if (begins(bytes, {0xfd, 0x00, 0x0e, 0xc2}))
        return AddressRange::metadata;  // AWS
    if ((bytes[0] & 0xfeU) == 0xfc)
        return AddressRange::private_use;
    if (bytes[0] == 0xfe && (bytes[1] & 0xc0U) == 0x80)
        return AddressRange::link_local;
    if (bytes[0] == 0xfe && (bytes[1] & 0xc0U) == 0xc0)
        return AddressRange::private_use;  // site-local
    if (begins(bytes, {0, 0x64, 0xff, 0x9b, 0, 1}))
        return AddressRange::private_use;  // local NAT64
    if (begins(bytes, {0x20, 0x01, 0x0d, 0xb8}))
        return AddressRange::private_use;  // documentation
    if (begins(bytes, {0x01, 0, 0, 0, 0, 0, 0, 0}))
        return AddressRange::unusable;  // discard
    // Only 2000::/3 is routed, and the ranges above that carry an IPv4 address.
    if ((bytes[0] & 0xe0U) == 0x20)
        return AddressRange::global;
    return inner_v4(bytes) ? AddressRange::global : AddressRange::unusable;
}

// A mapped address is the same place as its IPv4 form; lists are written in either.
address plain(const address& wanted) {
    if (wanted.is_v6() && wanted.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, wanted.to_v6());
    }
    return wanted;
}

bool is_name(std::string_view text) {
    if (text.empty() || text.size() > 253)
        return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    });
}

}  // namespace

std::string_view to_string(AddressRange range) {
    switch (range) {
        case AddressRange::global:
            return "global";
        case AddressRange::loopback:
            return "loopback";
        case AddressRange::private_use:
            return "private";
        case AddressRange::link_local:
            return "link-local";
        case AddressRange::metadata:
            return "metadata";
        case AddressRange::unusable:
            return "unusable";
    }
    return "unusable";
}

AddressRange range_of(const address& wanted) {
    return wanted.is_v4() ? range_of_v4(wanted.to_v4().to_uint()) : range_of_v6(wanted.to_v6());
}

Result<AddressPolicy> AddressPolicy::parse(bool allow_private_address,
                                           const std::vector<std::string>& allowed) {
    AddressPolicy policy;
    policy.allow_private_ = allow_private_address;
    for (const std::string& entry : allowed) {
        boost::system::error_code bad;
        if (const auto single = asio::ip::make_address(entry, bad); !bad) {
            if (single.is_v4())
                policy.networks_v4_.emplace_back(single.to_v4(), 32);
            if (single.is_v6())
                policy.networks_v6_.emplace_back(single.to_v6(), 128);
            continue;
        }
        if (const auto network = asio::ip::make_network_v4(entry, bad); !bad) {
            policy.networks_v4_.push_back(network.canonical());
            continue;
        }
        if (const auto network = asio::ip::make_network_v6(entry, bad); !bad) {
            policy.networks_v6_.push_back(network.canonical());
            continue;
        }
        std::string name = to_lower(entry);
        if (!is_name(name)) {
            return Error{ErrorKind::invalid_input, ErrorSource::gateway,
                         "allow_private: '" + entry + "' is no host name, address or network", nullptr, false};
        }
        policy.names_.push_back(std::move(name));
    }
    return policy;
}

bool AddressPolicy::allows(std::string_view host, const address& wanted) const {
    switch (range_of(wanted)) {
        case AddressRange::global:
            return true;
        case AddressRange::unusable:
            return false;
        case AddressRange::metadata:
            return lists(wanted);
        default:
            return allow_private_ || names(host) || lists(wanted);
    }
}

bool AddressPolicy::names(std::string_view host) const {
    return std::find(names_.begin(), names_.end(), host) != names_.end();
}

bool AddressPolicy::lists(const address& wanted) const {
    const address there = plain(wanted);
    if (there.is_v4()) {
        const std::uint32_t value = there.to_v4().to_uint();
        return std::any_of(networks_v4_.begin(), networks_v4_.end(), [&](const asio::ip::network_v4& network) {
            return (value & network.netmask().to_uint()) == network.network().to_uint();
        });
    }
    const address_v6::bytes_type bytes = there.to_v6().to_bytes();
    return std::any_of(networks_v6_.begin(), networks_v6_.end(), [&](const asio::ip::network_v6& network) {
        const address_v6::bytes_type prefix = network.network().to_bytes();
        for (int bit = 0; bit < network.prefix_length(); ++bit) {
            const auto at = static_cast<std::size_t>(bit / 8);
            const unsigned mask = 0x80U >> (bit % 8);
            if ((bytes[at] & mask) != (prefix[at] & mask))
                return false;
        }
        return true;
    });
}

}  // namespace tidegate::upstream
