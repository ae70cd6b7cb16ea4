// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::jwt {

/// Why a token is refused.
enum class Fault : std::uint8_t {
    missing,        ///< there is none
    malformed,      ///< it is no JSON Web Token, or one with critical extensions
    algorithm,      ///< it names another algorithm than the key's
    signature,      ///< the key's owner did not sign it
    no_expiry,      ///< it would be good for ever
    expired,        ///< its time is over
    not_yet_valid,  ///< its time is still to come
    issuer,         ///< it is from somebody else
    audience,       ///< it is for somebody else
    claim,          ///< Rules::list_claim is missing, or no list
};
constexpr std::size_t fault_count = 10;
std::string_view name(Fault fault);

/// What a token must say beside being signed and in time.
struct Rules {
    std::string issuer = {};    ///< its `iss`; empty: any
    std::string audience = {};  ///< in its `aud`; empty: it must be for nobody in particular
    /// The name of a claim that is a list of strings, or `"*"` for all there are. Empty: none.
    std::string list_claim = {};
    std::chrono::seconds leeway{30};  ///< how far clocks may be apart
};

/// What a good token says.
struct Claims {
    std::chrono::sys_seconds expires;                   ///< the leeway included
    std::optional<std::vector<std::string>> list = {};  ///< of the claim; nothing: all
};

/// Checks JSON Web Tokens (RFC 7519) that are signed (RFC 7515) by one key.
///
/// Problem: a token comes from the very person it is to keep out. What it says of itself must not
/// choose how it is checked: a token that calls itself unsigned, or signed with what is public, has
/// fooled many. So the kind of key decides the algorithm, and a token that names another one is
/// refused before its signature is looked at (RFC 8725, sections 2.1 and 3.1).
///
/// Threads: verify() from any.
class Verifier {
public:
    static constexpr std::size_t secret_bytes_min = 32;  ///< as long as the digest (RFC 7518, 3.2)
    static constexpr int rsa_bits_min = 2048;            ///< RFC 7518, 3.3

    /// `key`: a file's content. With an RSA public key in PEM (`-----BEGIN PUBLIC KEY-----`) tokens
    /// are RS256; anything else is the secret of HS256 tokens, but for one newline at its end.
    /// Errors: the secret is too short; a PEM of something else; a key that is too small.
    static Result<Verifier> make(std::string key, Rules rules);

    /// The same of a file. Errors: it cannot be read, too.
    static Result<Verifier> load(const std::string& file, Rules rules);

    Result<Claims, Fault> verify(std::string_view token, std::chrono::sys_seconds now) const;

    /// `HS256` or `RS256`.
    std::string_view algorithm() const { return is_rsa_ ? "RS256" : "HS256"; }

private:
    Verifier(std::string key, bool is_rsa, Rules rules)
        : key_(std::move(key)), is_rsa_(is_rsa), rules_(std::move(rules)) {}

    std::optional<Fault> check_header(const std::string& token) const;
    Result<std::string, Fault> signed_claims(const std::string& token) const;

    std::string key_;
    bool is_rsa_;
    Rules rules_;
};

}  // namespace weir::jwt
