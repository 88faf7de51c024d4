#include <tidegate/base/address.h>

#include <boost/asio/ip/address.hpp>

namespace tidegate {

bool is_loopback(std::string_view address) {
    const std::size_t colon = address.rfind(':');
    std::string_view host = address.substr(0, colon);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    boost::system::error_code error;
    const auto ip = boost::asio::ip::make_address(std::string(host), error);
    return !error && ip.is_loopback();
}

}  // namespace tidegate
