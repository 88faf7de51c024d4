// A key and a certificate signed by itself, in files that go with the test.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace tidegate::http {

class Identity {
  public:
    // Negative: expired that long ago. Owns the key.
    explicit Identity(std::chrono::seconds lifetime = std::chrono::hours{1},
                      EVP_PKEY* key = EVP_EC_gen("P-256"))
        : key_(key) {
        std::string pattern = (std::filesystem::temp_directory_path() / "tidegate-tls-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        append_certificate(lifetime);
        FILE* file = std::fopen(private_key().c_str(), "w");
        PEM_write_PrivateKey(file, key_, nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(file);
    }
    ~Identity() {
        EVP_PKEY_free(key_);
        std::filesystem::remove_all(folder_);
    }
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;

    std::string certificate() const { return folder_ / "certificate.pem"; }
    std::string private_key() const { return folder_ / "key.pem"; }

    // To the end of the chain in the file.
    void append_certificate(std::chrono::seconds lifetime) const {
        X509* certificate = X509_new();
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
        X509_gmtime_adj(X509_getm_notAfter(certificate), lifetime.count());
        X509_set_pubkey(certificate, key_);
        X509_NAME* name = X509_get_subject_name(certificate);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("a"), -1,
                                   -1, 0);
        X509_set_issuer_name(certificate, name);
        X509_sign(certificate, key_, EVP_sha256());
        FILE* file = std::fopen(this->certificate().c_str(), "a");
        PEM_write_X509(file, certificate);
        std::fclose(file);
        X509_free(certificate);
    }

  private:
    EVP_PKEY* key_;
    std::filesystem::path folder_;
};

}  // namespace tidegate::http
