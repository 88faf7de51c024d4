#include <tidegate/base/text.h>
#include <tidegate/upstream/client.h>
#include <tidegate/upstream/endpoint.h>
#include <tidegate/upstream/trust_store.h>

#include <algorithm>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <openssl/sha.h>

namespace tidegate::upstream {
namespace {

struct Base {
    bool tls = false;
    std::string host;
    std::uint16_t port = 0;
    std::optional<asio::ip::address> literal;
    std::string path;
};

Error invalid(std::string message) {
    return Error{ErrorKind::invalid_input, ErrorSource::gateway, std::move(message), nullptr, false};
}

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// As it stands in front of a port: only an IPv6 address has colons.
std::string bracketed(const std::string& host) {
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

// Letters, digits and hyphens in labels of at most 63; an underscore is let pass, internal names have them. A
// name whose last label is a number is refused: other resolvers read "127.1" or "0x7f000001" as an address.
bool is_host_name(std::string_view host) {
    if (host.empty() || host.size() > 253 || host.front() == '.')
        return false;
    if (host.back() == '.')
        host.remove_suffix(1);
    std::string_view label;
    for (std::size_t begin = 0; begin <= host.size();) {
        const std::size_t end = std::min(host.find('.', begin), host.size());
        label = host.substr(begin, end - begin);
        const bool good =
            std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
        if (label.empty() || label.size() > 63 || !good || label.front() == '-' || label.back() == '-')
            return false;
        begin = end + 1;
    }
    const bool number = std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
    return !number && !label.starts_with("0x");
}

Result<Base> parse_url(std::string_view option, std::string_view text) {
    const std::string what(option);
    const auto parsed = boost::urls::parse_uri(boost::core::string_view(text.data(), text.size()));
    if (!parsed)
        return invalid(what + " is no URL of the form https://host/path");
    const boost::urls::url_view& url = *parsed;
    Base base;
    const std::string scheme = to_lower(std::string_view(url.scheme().data(), url.scheme().size()));
    if (scheme != "http" && scheme != "https")
        return invalid(what + " must begin with http:// or https://");
    base.tls = scheme == "https";
    if (url.has_userinfo())
        return invalid(what + " must not hold a user or password; use api_key or headers");
    if (url.has_query() || url.has_fragment())
        return invalid(what + " must not have a query or a fragment");
    base.host = to_lower(
        std::string(std::string_view(url.encoded_host_address().data(), url.encoded_host_address().size())));
    boost::system::error_code bad;
    const auto literal = asio::ip::make_address(base.host, bad);
    if (!bad) {
        if (literal.is_v6() && literal.to_v6().scope_id() != 0)
            return invalid(what + " must not have an address with a zone");
        base.literal = literal;
    } else if (!is_host_name(base.host)) {
        return invalid(what + " has no valid host name or address");
    }
    // The same name with the dot of the root; certificates are without.
    if (base.host.ends_with('.'))
        base.host.pop_back();
    base.port = url.has_port() ? url.port_number() : (base.tls ? 443 : 80);
    if (base.port == 0)
        return invalid(what + " has no valid port");
    base.path = std::string(std::string_view(url.encoded_path().data(), url.encoded_path().size()));
    while (base.path.ends_with('/')) base.path.pop_back();
    if ((base.path + "/").find("/../") != std::string::npos)
        return invalid(what + " must not have .. in its path");
    return base;
}

bool is_framing(std::string_view name) {
    static constexpr std::string_view kNames[] = {
        "host",    "content-length", "transfer-encoding", "connection", "keep-alive",      "te",
        "trailer", "upgrade",        "accept-encoding",   "expect",     "proxy-connection"};
    return std::any_of(std::begin(kNames), std::end(kNames),
                       [&](std::string_view other) { return equals_ignoring_case(name, other); });
}

Result<std::string> render_headers(const Base& base, const EndpointOptions& options) {
    std::string lines = "host: " + bracketed(base.host);
    if (base.port != (base.tls ? 443 : 80))
        lines += ":" + std::to_string(base.port);
    lines += "\r\naccept-encoding: identity\r\n";
    bool agent = false;
    for (const auto& [name, value] : options.headers) {
        if (!check_header(name, value))
            return invalid("headers: '" + name + "' has an invalid name or value");
        if (is_framing(name))
            return invalid("headers: '" + name + "' is set by the gateway itself");
        agent = agent || equals_ignoring_case(name, "user-agent");
        lines.append(name).append(": ").append(value).append("\r\n");
    }
    if (!agent)
        lines += "user-agent: tidegate\r\n";
    return lines;
}

// Values of fields that authenticate, without their scheme. What is shorter guards nothing, and would tear up
// words.
std::vector<std::string> credentials_of(const EndpointOptions& options) {
    constexpr std::size_t kShortest = 8;
    std::vector<std::string> credentials;
    for (const auto& [name, value] : options.headers) {
        const std::string lower = to_lower(name);
        bool authenticates = false;
        for (const std::string_view part : {"auth", "key", "token", "secret", "cookie"}) {
            authenticates = authenticates || lower.find(part) != std::string::npos;
        }
        const std::string_view credential = std::string_view(value).substr(value.find(' ') + 1);
        if (authenticates && credential.size() >= kShortest)
            credentials.emplace_back(credential);
    }
    return credentials;
}

Result<void> check_literal(const Base& base, const AddressPolicy& policy) {
    if (!base.literal || policy.allows(base.host, *base.literal))
        return Result<void>();
    return invalid(
        "base_url leads to the " + std::string(to_string(range_of(*base.literal))) + " address " + base.host +
        "; list it in outbound.allow_private, or set a provider's allow_private_address, if that is meant");
}

// With its size, so that no two lists of parts look alike.
void add_part(std::string& out, std::string_view part) {
    out.append(std::to_string(part.size())).append(":").append(part);
}

}  // namespace

Endpoint::Endpoint(EndpointOptions options, AddressPolicy policy)
    : name_(std::move(options.name)),
      policy_(std::move(policy)),
      timeouts_(options.timeouts),
      concurrent_(options.concurrent) {}

void Endpoint::redact(std::string& text) const {
    constexpr std::string_view kInstead = "[redacted]";
    for (const std::string& credential : credentials_) {
        for (std::size_t at = text.find(credential); at != std::string::npos;
             at = text.find(credential, at + kInstead.size())) {
            text.replace(at, credential.size(), kInstead);
        }
    }
}

std::string Endpoint::authority() const {
    return bracketed(host_) + ":" + std::to_string(port_);
}

Result<std::shared_ptr<const Endpoint>> make_endpoint(EndpointOptions options) {
    auto base = parse_url("base_url", options.base_url);
    if (!base)
        return base.error();
    auto policy = AddressPolicy::parse(options.allow_private_address, options.allow_private);
    if (!policy)
        return policy.error();
    auto lines = render_headers(*base, options);
    if (!lines)
        return lines.error();
    auto allowed = check_literal(*base, *policy);
    if (!allowed)
        return allowed.error();
    std::shared_ptr<Endpoint> endpoint(new Endpoint(options, std::move(*policy)));
    if (!options.proxy.empty()) {
        auto proxy = parse_url("proxy", options.proxy);
        if (!proxy)
            return proxy.error();
        if (proxy->tls || !proxy->path.empty())
            return invalid("proxy must be of the form http://host:port");
        endpoint->proxy_host_ = proxy->host;
        endpoint->proxy_port_ = proxy->port;
    }
    if (base->tls) {
        endpoint->trust_ = options.trust;
        if (!endpoint->trust_) {
            auto trust = TrustStore::load(options.ca_file);
            if (!trust)
                return trust.error();
            endpoint->trust_ = std::move(*trust);
        }
    }
    endpoint->tls_ = base->tls;
    endpoint->host_ = std::move(base->host);
    endpoint->port_ = base->port;
    endpoint->literal_ = base->literal;
    endpoint->path_prefix_ = std::move(base->path);
    endpoint->header_lines_ = std::move(*lines);
    endpoint->credentials_ = credentials_of(options);

    std::string content;
    add_part(content, endpoint->tls_ ? "https" : "http");
    add_part(content, endpoint->host_);
    add_part(content, std::to_string(endpoint->port_));
    add_part(content, endpoint->path_prefix_);
    add_part(content, endpoint->header_lines_);
    add_part(content, options.allow_private_address ? "private" : "");
    add_part(content, endpoint->proxy_host_);
    add_part(content, std::to_string(endpoint->proxy_port_));
    for (const std::string& entry : options.allow_private) add_part(content, entry);
    if (const TrustStore* trust = endpoint->trust_.get()) {
        content.append(reinterpret_cast<const char*>(trust->digest().data()), trust->digest().size());
    }
    SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), endpoint->key_.data());
    return std::shared_ptr<const Endpoint>(std::move(endpoint));
}

}  // namespace tidegate::upstream
