// SPDX-License-Identifier: Apache-2.0
#include "jwt/verifier.hpp"

#include <fmt/format.h>
#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include "json/document.hpp"

namespace weir::jwt {
namespace {

// A longer key is none: PEM of 16384 bits has three thousand.
constexpr std::size_t key_bytes_max = 64 * 1024;

// What no clock here will say, and no leeway overflows: the year 9999.
constexpr double seconds_max = 253'402'300'799.0;

constexpr std::string_view token_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

struct Free {
    void operator()(jwt_t* token) const { ::jwt_free(token); }
    void operator()(char* text) const { std::free(text); }
    void operator()(BIO* bio) const { ::BIO_free(bio); }
    void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
};
using Token = std::unique_ptr<jwt_t, Free>;
using Text = std::unique_ptr<char, Free>;

/// Null when it is no token, or, with a key, when that did not sign it.
Token decode(const std::string& token, const std::string& key) {
    jwt_t* decoded = nullptr;
    const auto* bytes = reinterpret_cast<const unsigned char*>(key.data());
    const int failed =
        ::jwt_decode(&decoded, token.c_str(), key.empty() ? nullptr : bytes, int(key.size()));
    return Token(failed == 0 ? decoded : nullptr);
}

/// Three parts of base64url text. libjwt would stop at a NUL.
bool is_compact(std::string_view token) {
    return std::ranges::count(token, '.') == 2 &&
           token.find_first_not_of(token_characters) == std::string_view::npos;
}

Result<void> check_rsa(const std::string& pem) {
    const std::unique_ptr<BIO, Free> bio(::BIO_new_mem_buf(pem.data(), int(pem.size())));
    const std::unique_ptr<EVP_PKEY, Free> key(
        ::PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    ::ERR_clear_error();
    if (!key || ::EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA)
        return Error{
            "expected an RSA public key in PEM (-----BEGIN PUBLIC KEY-----) or a secret, "
            "got PEM of something else"};
    if (const int bits = ::EVP_PKEY_bits(key.get()); bits < Verifier::rsa_bits_min)
        return Error{fmt::format("expected an RSA key of at least {} bits, got {}",
                                 Verifier::rsa_bits_min, bits)};
    return {};
}

/// One of the claims that are times (RFC 7519, "NumericDate"). False when it is something else.
bool read_time(const json::Document& claims, std::string_view name,
               std::optional<std::chrono::sys_seconds>& time) {
    const auto value = claims.find(json::Pointer::member(name));
    if (!value) return true;
    const auto seconds = claims.float64(json::Pointer::member(name));
    if (!seconds) return false;
    const double whole = std::clamp(*seconds, 0.0, seconds_max);
    time = std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(whole)));
    return true;
}

std::optional<std::vector<std::string>> read_strings(const json::Value& list) {
    if (list.type() != json::Type::array) return std::nullopt;
    std::vector<std::string> strings;
    for (const auto& [_, value] : list.elements()) {
        if (value.type() != json::Type::string) return std::nullopt;
        strings.emplace_back(value.string());
    }
    return strings;
}

bool is_for(const json::Document& claims, const std::string& audience) {
    const auto value = claims.find(json::Pointer::member("aud"));
    if (!value) return audience.empty();
    if (audience.empty()) return false;  // RFC 7519, 4.1.3: we are not who it is for
    if (value->type() == json::Type::string) return value->string() == audience;
    const auto list = read_strings(*value);
    return list && std::ranges::find(*list, audience) != list->end();
}

}  // namespace

std::string_view name(Fault fault) {
    switch (fault) {
        case Fault::missing: return "missing";
        case Fault::malformed: return "malformed";
        case Fault::algorithm: return "algorithm";
        case Fault::signature: return "signature";
        case Fault::no_expiry: return "no_expiry";
        case Fault::expired: return "expired";
        case Fault::not_yet_valid: return "not_yet_valid";
        case Fault::issuer: return "issuer";
        case Fault::audience: return "audience";
        case Fault::claim: return "claim";
    }
    return "unknown";
}

Result<Verifier> Verifier::load(const std::string& file, Rules rules) {
    std::ifstream stream(file, std::ios::binary);
    std::string key{std::istreambuf_iterator<char>(stream), {}};
    if (!stream) return Error{fmt::format("the key {} cannot be read", file)};
    auto verifier = make(std::move(key), std::move(rules));
    if (!verifier) return Error{fmt::format("{}: {}", file, verifier.error().message)};
    return verifier;
}

Result<Verifier> Verifier::make(std::string key, Rules rules) {
    if (key.size() > key_bytes_max)
        return Error{fmt::format("expected a key of at most {} bytes", key_bytes_max)};
    // Whatever stands around it: PEM is never a secret.
    if (key.find("-----BEGIN") != std::string::npos) {
        if (const auto good = check_rsa(key); !good) return good.error();
        return Verifier(std::move(key), true, std::move(rules));
    }
    if (key.ends_with('\n')) key.pop_back();
    if (key.size() < secret_bytes_min)
        return Error{fmt::format("expected a secret of at least {} bytes, got {}", secret_bytes_min,
                                 key.size())};
    return Verifier(std::move(key), false, std::move(rules));
}

/// Looks at the token without a key, before it is checked with one.
std::optional<Fault> Verifier::check_header(const std::string& token) const {
    const Token decoded = decode(token, {});
    if (!decoded) return Fault::malformed;
    const char* named = ::jwt_get_header(decoded.get(), "alg");
    if (named == nullptr || named != algorithm()) return Fault::algorithm;
    if (const Text critical(::jwt_get_headers_json(decoded.get(), "crit")); critical)
        return Fault::malformed;  // RFC 7515, 4.1.11: what is not understood is refused
    return std::nullopt;
}

Result<std::string, Fault> Verifier::signed_claims(const std::string& token) const {
    const Token decoded = decode(token, key_);
    ::ERR_clear_error();
    if (!decoded) return Fault::signature;
    if (::jwt_get_alg(decoded.get()) != (is_rsa_ ? JWT_ALG_RS256 : JWT_ALG_HS256))
        return Fault::algorithm;
    const Text claims(::jwt_get_grants_json(decoded.get(), nullptr));
    if (!claims) return Fault::malformed;
    return std::string(claims.get());
}

Result<Claims, Fault> Verifier::verify(std::string_view token, std::chrono::sys_seconds now) const {
    if (token.empty()) return Fault::missing;
    if (!is_compact(token)) return Fault::malformed;
    const std::string text(token);
    if (const auto fault = check_header(text)) return *fault;
    const auto json = signed_claims(text);
    if (!json) return json.error();
    json::Document claims;
    if (!claims.read(*json)) return Fault::malformed;

    std::optional<std::chrono::sys_seconds> expires;
    std::optional<std::chrono::sys_seconds> begins;
    if (!read_time(claims, "exp", expires) || !read_time(claims, "nbf", begins))
        return Fault::malformed;
    if (!expires) return Fault::no_expiry;
    Claims good{.expires = *expires + rules_.leeway};
    if (now >= good.expires) return Fault::expired;
    if (begins && now < *begins - rules_.leeway) return Fault::not_yet_valid;
    const auto issuer = claims.string(json::Pointer::member("iss"));
    if (!rules_.issuer.empty() && (!issuer || *issuer != rules_.issuer)) return Fault::issuer;
    if (!is_for(claims, rules_.audience)) return Fault::audience;
    if (rules_.list_claim.empty()) return good;
    const auto list = claims.find(json::Pointer::member(rules_.list_claim));
    if (!list) return Fault::claim;
    if (list->type() == json::Type::string && list->string() == "*") return good;
    good.list = read_strings(*list);
    if (!good.list) return Fault::claim;
    return good;
}

}  // namespace weir::jwt
