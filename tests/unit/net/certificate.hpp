// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

/// A certificate for localhost that signed itself, and its key, in files that go with this object.
class SelfSigned {
public:
    /// `valid_s`: seconds from now to its end. `password`: the key's file is encrypted with it.
    explicit SelfSigned(long valid_s = 3600, const char* password = nullptr) {
        const Key pair(EVP_EC_gen("P-256"), EVP_PKEY_free);
        const std::unique_ptr<X509, void (*)(X509*)> made(X509_new(), X509_free);
        X509_set_version(made.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
        X509_gmtime_adj(X509_getm_notAfter(made.get()), valid_s);
        X509_set_pubkey(made.get(), pair.get());
        X509_NAME* name = X509_get_subject_name(made.get());
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
        X509_set_issuer_name(made.get(), name);
        X509_sign(made.get(), pair.get(), EVP_sha256());
        write(cert, [&](FILE* file) { PEM_write_X509(file, made.get()); });
        write(key, [&](FILE* file) {
            const EVP_CIPHER* cipher = password != nullptr ? EVP_aes_128_cbc() : nullptr;
            PEM_write_PrivateKey(file, pair.get(), cipher, nullptr, 0, nullptr,
                                 const_cast<char*>(password));
        });
    }
    ~SelfSigned() { std::filesystem::remove_all(folder_); }
    SelfSigned(const SelfSigned&) = delete;
    SelfSigned& operator=(const SelfSigned&) = delete;

private:
    using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

    static std::string new_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "weir-tls-XXXXXX").string();
        return ::mkdtemp(name.data());
    }
    template <typename Writer>
    static void write(const std::string& path, const Writer& writer) {
        const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "w"),
                                                         std::fclose);
        writer(file.get());
    }

    std::string folder_ = new_folder();

public:
    const std::string cert = folder_ + "/cert.pem";
    const std::string key = folder_ + "/key.pem";
};
