// SPDX-License-Identifier: Apache-2.0
#include "net/digest.hpp"

#include <openssl/sha.h>

namespace weir::net {
namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace

std::string sha1(std::string_view text) {
    std::string digest(SHA_DIGEST_LENGTH, '\0');
    ::SHA1(bytes_of(text), text.size(), bytes_of(digest));
    return digest;
}

std::string sha256(std::string_view text) {
    std::string digest(SHA256_DIGEST_LENGTH, '\0');
    ::SHA256(bytes_of(text), text.size(), bytes_of(digest));
    return digest;
}

}  // namespace weir::net
