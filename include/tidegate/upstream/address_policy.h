// Which addresses may be dialled. The check is on the resolved address, so that no name can lead around it.
#pragma once

#include <tidegate/base/result.h>

#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace tidegate::upstream {

namespace asio = boost::asio;

enum class AddressRange {
    global,       // anyone's; always allowed
    loopback,     // 127/8, ::1
    private_use,  // RFC 1918, fc00::/7, 100.64/10 and other ranges that are not routed
    link_local,   // 169.254/16, fe80::/10
    metadata,     // where clouds hand out credentials
    unusable,     // unspecified, multicast, broadcast, reserved: never a peer
};
std::string_view to_string(AddressRange range);

// IPv6 forms that carry an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) are judged by the
// inner one.
AddressRange range_of(const asio::ip::address& address);

// Immutable after `parse`.
class AddressPolicy {
  public:
    // Nothing but global addresses.
    AddressPolicy() = default;

    // `allow_private_address` opens loopback, private and link-local ranges. `allowed` holds host names
    // ("a.internal", which opens the same for that name), addresses and networks ("10.1.0.0/16", "fd00::/8");
    // only an address or network written down opens metadata addresses, nothing opens unusable ones. Errors:
    // `invalid_input`, naming the entry.
    static Result<AddressPolicy> parse(bool allow_private_address, const std::vector<std::string>& allowed);

    // May `host`, which resolved to `address`, be dialled there? `host` is in lower case.
    bool allows(std::string_view host, const asio::ip::address& address) const;

  private:
    bool names(std::string_view host) const;
    bool lists(const asio::ip::address& address) const;

    bool allow_private_ = false;
    std::vector<std::string> names_;
    std::vector<asio::ip::network_v4> networks_v4_;
    std::vector<asio::ip::network_v6> networks_v6_;
};

}  // namespace tidegate::upstream
