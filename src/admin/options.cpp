#include <tidegate/admin/options.h>

#include <algorithm>
#include <set>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <openssl/sha.h>

namespace tidegate::admin {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

void read_digest(Token& token, const yaml::Cursor& at) {
    const std::string hex = at.text();
    if (hex.empty())
        return;
    const std::optional<Digest> digest = parse_digest(hex);
    if (!digest) {
        at.problem("must be the SHA-256 of the token: 64 hexadecimal digits");
    } else if (*digest == digest_of("")) {
        at.problem("is the SHA-256 of nothing");
    } else {
        token.digests.push_back(*digest);
    }
}

Token read_token(const yaml::Cursor& at) {
    Token token;
    token.name = at["name"].text();
    const yaml::Cursor digests = at["sha256"];
    if (digests.is_list()) {
        digests.each_item([&](const yaml::Cursor& item) { read_digest(token, item); });
        if (digests.size() == 0)
            digests.problem("needs at least one digest");
    } else {
        read_digest(token, digests);
    }
    token.role = at["role"].choice<Role>(
        {{"viewer", Role::viewer}, {"operator", Role::operator_}, {"admin", Role::admin}}, Role::viewer);
    token.content = at["content"].boolean(false);
    const yaml::Cursor features = at["features"];
    token.features = features.text_list();
    if (features.present() && token.features.empty())
        features.problem("must name at least one feature; leave it out for all");
    at.finish();
    return token;
}

}  // namespace

std::string_view to_string(Role role) {
    switch (role) {
        case Role::viewer:
            return "viewer";
        case Role::operator_:
            return "operator";
        case Role::admin:
            return "admin";
    }
    return "";
}

Digest digest_of(std::string_view token) {
    Digest digest{};
    SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
    return digest;
}

std::optional<Digest> parse_digest(std::string_view hex) {
    Digest digest{};
    if (hex.size() != 2 * digest.size())
        return std::nullopt;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const int high = hex_digit(hex[2 * i]);
        const int low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return std::nullopt;
        digest[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return digest;
}

Options parse_options(const yaml::Cursor& at) {
    Options options;
    if (!at.present())
        return options;
    options.metrics = at["metrics"].choice<MetricsPolicy>(
        {{"token", MetricsPolicy::token}, {"open", MetricsPolicy::open}}, MetricsPolicy::token);
    std::set<std::string> names;
    std::set<Digest> digests;
    at["tokens"].each_item([&](const yaml::Cursor& item) {
        Token token = read_token(item);
        if (!token.name.empty() && !names.insert(token.name).second)
            item["name"].problem("another token has this name");
        for (const Digest& digest : token.digests) {
            if (!digests.insert(digest).second)
                item["sha256"].problem("another token has this digest");
        }
        options.tokens.push_back(std::move(token));
    });
    at.finish();
    return options;
}

bool is_loopback(std::string_view address) {
    const std::size_t colon = address.rfind(':');
    std::string_view host = address.substr(0, colon);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
        host = host.substr(1, host.size() - 2);
    boost::system::error_code error;
    const auto ip = boost::asio::ip::make_address(std::string(host), error);
    return !error && ip.is_loopback();
}

Result<> check(const Options& options, std::string_view address) {
    if (!options.tokens.empty() || is_loopback(address))
        return {};
    return Error{.kind = ErrorKind::invalid_input,
                 .message = fmt::format("without admin.tokens the admin port may be bound to loopback only, "
                                        "not to {}",
                                        address)};
}

}  // namespace tidegate::admin
