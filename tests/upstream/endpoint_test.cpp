#include <tidegate/upstream/client.h>
#include <tidegate/upstream/endpoint.h>
#include <tidegate/upstream/trust_store.h>

#include <gtest/gtest.h>

namespace tidegate::upstream {
namespace {

EndpointOptions options(std::string url) {
    EndpointOptions made;
    made.base_url = std::move(url);
    return made;
}

TEST(Endpoint, ParsesTheBaseUrl) {
    const auto made = make_endpoint(options("HTTPS://API.Example.com/v1/"));
    ASSERT_TRUE(made);
    const Endpoint& endpoint = **made;
    EXPECT_TRUE(endpoint.tls());
    EXPECT_EQ(endpoint.host(), "api.example.com");
    EXPECT_EQ(endpoint.port(), 443);
    EXPECT_EQ(endpoint.path_prefix(), "/v1");
    EXPECT_EQ(endpoint.header_lines(),
              "host: api.example.com\r\naccept-encoding: identity\r\nuser-agent: tidegate\r\n");
    EXPECT_TRUE(endpoint.trust());
}

TEST(Endpoint, WritesAnIpv6AddressInBracketsOnlyInTheHostField) {
    const auto made = make_endpoint(options("http://[2606:4700::1]:8080"));
    ASSERT_TRUE(made) << made.error().text();
    EXPECT_EQ((*made)->host(), "2606:4700::1");
    EXPECT_TRUE((*made)->literal());
    EXPECT_TRUE((*made)->header_lines().starts_with("host: [2606:4700::1]:8080\r\n"));
}

class BadUrl : public testing::TestWithParam<const char*> {};

TEST_P(BadUrl, IsRefused) {
    const auto made = make_endpoint(options(GetParam()));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, ErrorKind::invalid_input);
}

INSTANTIATE_TEST_SUITE_P(
    Endpoint, BadUrl,
    testing::Values("", "api.example.com", "//api.example.com", "ftp://example.com", "gopher://example.com",
                    "file:///etc/passwd", "unix:/run/x.sock", "https://", "https:///v1",
                    "https://user@example.com", "https://user:secret@example.com", "https://good.com@evil.com",
                    "https://example.com?x=1", "https://example.com/#x", "https://example.com:0",
                    "https://example.com:65536", "https://example.com:x", "https://exa mple.com",
                    "https://exam%2fple.com", "https://example.com%00.evil.com", "https://127.1",
                    "https://2130706433", "https://0x7f000001", "https://0177.0.0.1", "https://127.0.0.0x1",
                    "https://0", "https://-a.com", "https://a..b", "https://.a", "https://b\xc3\xbc.com",
                    "https://a.com/x/../y", "https://a.com/\r\nx: y", "https://127.0.0.1", "https://127.0.0.1.",
                    "https://10.0.0.1", "http://169.254.169.254/latest", "http://[::1]",
                    "http://[::ffff:10.0.0.1]", "http://[fe80::1%25eth0]", "http://[fd00:ec2::254]",
                    "http://0.0.0.0", "http://[::]"));

TEST(Endpoint, RefusesHeadersThatCouldSplitOrFrame) {
    for (const auto& header : {std::pair<std::string, std::string>{"x-a", "b\r\nc: d"},
                               {"x a", "b"},
                               {"", "b"},
                               {"x-a:", "b"},
                               {"x-a", std::string("\0", 1)},
                               {"Host", "evil"},
                               {"Content-Length", "5"},
                               {"transfer-encoding", "chunked"},
                               {"Accept-Encoding", "gzip"}}) {
        EndpointOptions bad = options("https://example.com");
        bad.headers = {header};
        const auto made = make_endpoint(bad);
        ASSERT_FALSE(made) << header.first;
        EXPECT_EQ(made.error().kind, ErrorKind::invalid_input);
    }
}

TEST(Endpoint, NeverQuotesASecretInAnError) {
    EndpointOptions bad = options("https://user:hunter2@example.com");
    EXPECT_EQ(make_endpoint(bad).error().text().find("hunter2"), std::string::npos);
    bad = options("https://example.com");
    bad.headers = {{"authorization", "hunter2\n"}};
    EXPECT_EQ(make_endpoint(bad).error().text().find("hunter2"), std::string::npos);
}

TEST(Endpoint, TakesItsCredentialsOutOfWhatAProviderQuotes) {
    EndpointOptions with = options("https://example.com");
    with.headers = {{"authorization", "Bearer sk-canary-1"},
                    {"x-team-token", "team-canary"},
                    {"x-api-key", "mock"},
                    {"x-region", "frankfurt-am-main"}};
    std::string text = "bad key sk-canary-1 (Bearer sk-canary-1) of team-canary, mock, frankfurt-am-main";
    (*make_endpoint(with))->redact(text);
    EXPECT_EQ(text, "bad key [redacted] (Bearer [redacted]) of [redacted], mock, frankfurt-am-main");
}

TEST(Endpoint, KeyDiffersWithEverythingThatMatters) {
    const auto key = [](const EndpointOptions& made) { return (*make_endpoint(made))->key(); };
    EndpointOptions base = options("https://example.com/v1");
    base.trust = *TrustStore::load("");
    EndpointOptions other = base;
    other.name = "another";
    other.timeouts.idle = std::chrono::seconds{1};
    other.concurrent = 5;
    EXPECT_EQ(key(base), key(other));
    std::vector<EndpointOptions> changed(7, base);
    changed[0].base_url = "http://example.com/v1";
    changed[1].base_url = "https://example.com:444/v1";
    changed[2].base_url = "https://example.com/v2";
    changed[3].headers = {{"x-api-key", "a"}};
    changed[4].headers = {{"x-api-key", "b"}};
    changed[5].allow_private_address = true;
    changed[6].proxy = "http://10.0.0.1:3128";
    for (std::size_t i = 0; i < changed.size(); ++i) {
        EXPECT_NE(key(changed[i]), key(base)) << i;
        for (std::size_t j = 0; j < i; ++j) EXPECT_NE(key(changed[i]), key(changed[j])) << i << " " << j;
    }
}

TEST(Endpoint, RefusesAnAuthoritiesFileWithoutCertificates) {
    EndpointOptions bad = options("https://example.com");
    bad.ca_file = "/does/not/exist.pem";
    EXPECT_EQ(make_endpoint(bad).error().kind, ErrorKind::io);
    bad.ca_file = "/dev/null";
    EXPECT_EQ(make_endpoint(bad).error().kind, ErrorKind::invalid_input);
}

struct RangeCase {
    const char* address;
    AddressRange range;
};

TEST(AddressRange, IsSeenThroughEveryForm) {
    using enum AddressRange;
    const RangeCase cases[] = {
        {"8.8.8.8", global},
        {"1.1.1.1", global},
        {"172.15.255.255", global},
        {"172.32.0.0", global},
        {"100.63.255.255", global},
        {"100.128.0.0", global},
        {"126.255.255.255", global},
        {"128.0.0.0", global},
        {"192.167.255.255", global},
        {"192.169.0.0", global},
        {"223.255.255.255", global},
        {"127.0.0.1", loopback},
        {"127.255.255.255", loopback},
        {"10.0.0.0", private_use},
        {"10.255.255.255", private_use},
        {"172.16.0.0", private_use},
        {"172.31.255.255", private_use},
        {"192.168.0.1", private_use},
        {"100.64.0.1", private_use},
        {"100.127.255.255", private_use},
        {"198.18.0.1", private_use},
        {"198.51.100.1", private_use},
        {"203.0.113.1", private_use},
        {"192.0.2.1", private_use},
        {"169.254.0.1", link_local},
        {"169.254.169.254", metadata},
        {"169.254.170.2", metadata},
        {"100.100.100.200", metadata},
        {"192.0.0.192", metadata},
        {"168.63.129.16", metadata},
        {"0.0.0.0", unusable},
        {"0.1.2.3", unusable},
        {"224.0.0.1", unusable},
        {"239.255.255.255", unusable},
        {"240.0.0.1", unusable},
        {"255.255.255.255", unusable},
        {"2606:4700::1", global},
        {"2a00:1450:4001::1", global},
        {"::1", loopback},
        {"::", unusable},
        {"fe80::1", link_local},
        {"febf::1", link_local},
        {"fc00::1", private_use},
        {"fdff::1", private_use},
        {"fec0::1", private_use},
        {"fd00:ec2::254", metadata},
        {"ff02::1", unusable},
        {"2001:db8::1", private_use},
        {"100::1", unusable},
        {"4000::1", unusable},
        {"::ffff:8.8.8.8", global},
        {"::ffff:127.0.0.1", loopback},
        {"::ffff:10.0.0.1", private_use},
        {"::ffff:169.254.169.254", metadata},
        {"::127.0.0.1", loopback},
        {"::10.0.0.1", private_use},
        {"64:ff9b::8.8.8.8", global},
        {"64:ff9b::10.0.0.1", private_use},
        {"64:ff9b::169.254.169.254", metadata},
        {"64:ff9b:1::1", private_use},
        {"2002:7f00:1::1", loopback},
        {"2002:a9fe:a9fe::1", metadata},
        {"2002:808:808::1", global},
        {"2001::f5ff:fffe", private_use},
        {"2606:4700::5efe:10.0.0.1", private_use},
        {"2606:4700::200:5efe:127.0.0.1", loopback},
        {"::ffff:0:127.0.0.1", loopback},
    };
    for (const RangeCase& one : cases) {
        EXPECT_EQ(range_of(asio::ip::make_address(one.address)), one.range)
            << one.address << " is " << to_string(range_of(asio::ip::make_address(one.address)));
    }
}

TEST(AddressPolicy, OpensOnlyWhatItIsToldTo) {
    const auto allows = [](bool all, const std::vector<std::string>& list, std::string_view host,
                           const char* address) {
        return AddressPolicy::parse(all, list)->allows(host, asio::ip::make_address(address));
    };
    EXPECT_TRUE(allows(false, {}, "a", "8.8.8.8"));
    EXPECT_FALSE(allows(false, {}, "a", "10.0.0.1"));
    EXPECT_TRUE(allows(true, {}, "a", "10.0.0.1"));
    EXPECT_TRUE(allows(true, {}, "a", "::1"));
    EXPECT_FALSE(allows(true, {}, "a", "169.254.169.254")) << "metadata must be written down";
    EXPECT_TRUE(allows(false, {"169.254.169.254"}, "a", "169.254.169.254"));
    EXPECT_FALSE(allows(true, {"0.0.0.0/0", "::/0"}, "a", "0.0.0.0"));
    EXPECT_FALSE(allows(true, {"0.0.0.0/0"}, "a", "224.0.0.1"));
    EXPECT_TRUE(allows(false, {"10.1.0.0/16"}, "a", "10.1.255.255"));
    EXPECT_TRUE(allows(false, {"10.1.0.0/16"}, "a", "::ffff:10.1.0.1"));
    EXPECT_FALSE(allows(false, {"10.1.0.0/16"}, "a", "10.2.0.1"));
    EXPECT_TRUE(allows(false, {"fd12::/16"}, "a", "fd12::5"));
    EXPECT_FALSE(allows(false, {"fd12::/16"}, "a", "fd13::5"));
    EXPECT_TRUE(allows(false, {"Search.internal"}, "search.internal", "10.0.0.1"));
    EXPECT_FALSE(allows(false, {"search.internal"}, "evil-search.internal", "10.0.0.1"));
    EXPECT_FALSE(allows(false, {"search.internal"}, "search.internal", "169.254.169.254"));
    EXPECT_FALSE(AddressPolicy::parse(false, {"10.0.0.0/33"}));
    EXPECT_FALSE(AddressPolicy::parse(false, {"http://x"}));
    EXPECT_FALSE(AddressPolicy::parse(false, {""}));
}

}  // namespace
}  // namespace tidegate::upstream
