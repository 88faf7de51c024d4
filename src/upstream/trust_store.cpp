#include <tidegate/upstream/trust_store.h>

#include <fstream>
#include <iterator>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

namespace tidegate::upstream {
namespace {

// How many were added; a list that ends in garbage counts as none.
int add_certificates(X509_STORE* store, const std::string& pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
    int added = 0;
    while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
        const bool good = X509_STORE_add_cert(store, certificate) == 1;
        X509_free(certificate);
        if (!good)
            return 0;
        ++added;
    }
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return at_end ? added : 0;
}

}  // namespace

void TrustStore::Free::operator()(x509_store_st* store) const {
    X509_STORE_free(store);
}

Result<std::shared_ptr<const TrustStore>> TrustStore::load(const std::string& ca_file) {
    std::shared_ptr<TrustStore> trust(new TrustStore);
    trust->store_.reset(X509_STORE_new());
    X509_STORE_set_default_paths(trust->store_.get());
    ERR_clear_error();  // a machine without a store of its own
    if (ca_file.empty())
        return std::shared_ptr<const TrustStore>(std::move(trust));

    std::ifstream file(ca_file, std::ios::binary);
    if (!file)
        return Error{ErrorKind::io, ErrorSource::gateway, "cannot read ca_file " + ca_file, nullptr, false};
    const std::string pem((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (add_certificates(trust->store_.get(), pem) == 0) {
        return Error{ErrorKind::invalid_input, ErrorSource::gateway,
                     "no certificates in PEM in ca_file " + ca_file, nullptr, false};
    }
    SHA256(reinterpret_cast<const unsigned char*>(pem.data()), pem.size(), trust->digest_.data());
    return std::shared_ptr<const TrustStore>(std::move(trust));
}

}  // namespace tidegate::upstream
