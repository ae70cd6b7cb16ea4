// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/assert.hpp"

/// Makes tokens, right or wrong, with OpenSSL alone.
namespace weir::test {

inline std::string base64url(std::string_view bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int size = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                       reinterpret_cast<const unsigned char*>(bytes.data()),
                                       static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    for (char& c : text)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    text.resize(text.find_last_not_of('=') + 1);
    return text;
}

inline std::string hs256(std::string_view key, std::string_view header, std::string_view claims) {
    const std::string body = base64url(header) + '.' + base64url(claims);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest, &size);
    return body + '.' + base64url({reinterpret_cast<const char*>(digest), size});
}

/// A key pair made for one test.
class RsaKey {
public:
    explicit RsaKey(unsigned bits) : key_(EVP_RSA_gen(bits), ::EVP_PKEY_free) {
        WEIR_ASSERT(key_ != nullptr, "a key can be made");
    }

    std::string sign(std::string_view header, std::string_view claims) const {
        const std::string body = base64url(header) + '.' + base64url(claims);
        const std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context(::EVP_MD_CTX_new(),
                                                                                ::EVP_MD_CTX_free);
        std::string signature(static_cast<std::size_t>(::EVP_PKEY_size(key_.get())), '\0');
        std::size_t size = signature.size();
        const bool good =
            ::EVP_DigestSignInit(context.get(), nullptr, ::EVP_sha256(), nullptr, key_.get()) ==
                1 &&
            ::EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                             &size, reinterpret_cast<const unsigned char*>(body.data()),
                             body.size()) == 1;
        WEIR_ASSERT(good, "a key can sign");
        return body + '.' + base64url(std::string_view(signature).substr(0, size));
    }

    std::string public_pem() const {
        return pem([&](BIO* bio) { return ::PEM_write_bio_PUBKEY(bio, key_.get()); });
    }
    std::string private_pem() const {
        return pem([&](BIO* bio) {
            return ::PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr,
                                              nullptr);
        });
    }

private:
    template <typename Write>
    static std::string pem(const Write& write) {
        const std::unique_ptr<BIO, decltype(&::BIO_free)> bio(::BIO_new(::BIO_s_mem()), ::BIO_free);
        WEIR_ASSERT(write(bio.get()) == 1, "a key can be written");
        char* bytes = nullptr;
        const long size = BIO_get_mem_data(bio.get(), &bytes);
        return {bytes, static_cast<std::size_t>(size)};
    }

    std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key_;
};

}  // namespace weir::test
