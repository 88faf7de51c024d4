// Certificates made at the time of the test: an authority, and servers signed by it.
#pragma once

#include <memory>
#include <string>

struct evp_pkey_st;
struct x509_st;
struct ssl_ctx_st;

namespace tidegate::upstream::test {

struct CertificateOptions {
    std::string names = "DNS:good.test";  // subject alternative names, as OpenSSL writes them
    long begins = -3600;                  // seconds from now
    long ends = 3600;
};

class Authority {
  public:
    Authority();
    ~Authority();
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;

    // For the life of the authority.
    ssl_ctx_st* server(const CertificateOptions& options);
    // Its own certificate, in a file of its own that goes with it.
    const std::string& file() const { return file_; }

  private:
    evp_pkey_st* key_;
    x509_st* certificate_;
    std::shared_ptr<void> servers_;
    std::string file_;
};

}  // namespace tidegate::upstream::test
