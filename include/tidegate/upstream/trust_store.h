// The certificate authorities that are believed.
#pragma once

#include <tidegate/base/result.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

struct x509_store_st;

namespace tidegate::upstream {

// Immutable; shared by the TLS contexts of all threads.
class TrustStore {
  public:
    // The system's authorities, and those of `ca_file` (PEM) unless it is empty. Reads files: not on an I/O
    // thread.
    static Result<std::shared_ptr<const TrustStore>> load(const std::string& ca_file);

    x509_store_st* native() const { return store_.get(); }
    // SHA-256 of the extra authorities: a replaced file is another store.
    const std::array<std::uint8_t, 32>& digest() const { return digest_; }

  private:
    struct Free {
        void operator()(x509_store_st* store) const;
    };
    TrustStore() = default;

    std::unique_ptr<x509_store_st, Free> store_;
    std::array<std::uint8_t, 32> digest_{};
};

}  // namespace tidegate::upstream
