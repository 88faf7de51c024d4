#include "upstream/certificates.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

namespace tidegate::upstream::test {
namespace {

struct Contexts {
    std::vector<SSL_CTX*> made;
    ~Contexts() {
        for (SSL_CTX* context : made) SSL_CTX_free(context);
    }
};

void add_extension(X509* certificate, X509* issuer, int id, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

X509* make(EVP_PKEY* key, const char* name, const CertificateOptions& options) {
    static long serial = 1;
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), options.begins);
    X509_gmtime_adj(X509_getm_notAfter(certificate), options.ends);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    return certificate;
}

}  // namespace

Authority::Authority()
    : key_(EVP_EC_gen("P-256")),
      certificate_(make(key_, "Test authority", {})),
      servers_(std::make_shared<Contexts>()) {
    X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
    add_extension(certificate_, certificate_, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate_, certificate_, NID_key_usage, "critical,keyCertSign");
    X509_sign(certificate_, key_, EVP_sha256());
    char path[] = "/tmp/authority-XXXXXX";
    std::FILE* file = ::fdopen(::mkstemp(path), "w");
    PEM_write_X509(file, certificate_);
    std::fclose(file);
    file_ = path;
}

Authority::~Authority() {
    ::unlink(file_.c_str());
    X509_free(certificate_);
    EVP_PKEY_free(key_);
}

ssl_ctx_st* Authority::server(const CertificateOptions& options) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = make(key, "server", options);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate_));
    add_extension(certificate, certificate_, NID_subject_alt_name, options.names.c_str());
    X509_sign(certificate, key_, EVP_sha256());
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    static_cast<Contexts*>(servers_.get())->made.push_back(context);
    return context;
}

}  // namespace tidegate::upstream::test
