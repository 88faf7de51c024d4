// What is said about the certificate of server.tls.
#include "config/support.h"
#include "http/identity.h"

#include <gmock/gmock.h>

namespace tidegate::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class TlsConfig : public ConfigFolder {
  protected:
    std::string problems_with(const http::Identity& identity) {
        const std::string content = "server: {tls: {certificate: " + identity.certificate() +
                                    ", private_key: " + identity.private_key() + "}}\nfeatures: {}\n";
        EXPECT_NE(load(content).snapshot, nullptr) << "it is no reason not to serve";
        return problems_of(content);
    }
};

TEST_F(TlsConfig, WarnsThirtyDaysBeforeACertificateExpires) {
    EXPECT_THAT(problems_with(http::Identity(std::chrono::days{31})), IsEmpty());
    EXPECT_THAT(problems_with(http::Identity(std::chrono::days{365 * 7000})), IsEmpty());
    EXPECT_THAT(problems_with(http::Identity(std::chrono::days{29})),
                HasSubstr("tidegate.yaml:1:29: warning: server.tls.certificate: expires at 20"));
    EXPECT_THAT(problems_with(http::Identity(std::chrono::hours{-1})),
                HasSubstr("tidegate.yaml:1:29: warning: server.tls.certificate: has expired at 20"));
}

}  // namespace
}  // namespace tidegate::config
