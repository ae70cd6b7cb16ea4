// SPDX-License-Identifier: Apache-2.0
// Goal: only what the key's owner signed, for us and for now, is a good token, and every other one
// is refused with what is wrong. Method: tokens made by OpenSSL alone, right ones and each way to
// forge one that has fooled somebody.
#include "jwt/verifier.hpp"

#include <fmt/format.h>

#include "catch.hpp"
#include "signer.hpp"

using namespace weir;
using namespace weir::jwt;
using test::base64url;
using test::hs256;

namespace {

const std::string secret = "0123456789abcdef0123456789ABCDEF";
constexpr std::string_view hs_header = R"({"alg":"HS256","typ":"JWT"})";
constexpr std::string_view rs_header = R"({"alg":"RS256","typ":"JWT"})";
constexpr std::string_view good_claims = R"({"exp":2000})";

std::chrono::sys_seconds at(int seconds) {
    return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

Verifier verifier(Rules rules = {}) { return *Verifier::make(secret, std::move(rules)); }

/// The name of what is wrong, or nothing.
std::string fault(const Verifier& verifier, std::string_view token, int now = 1000) {
    const auto verified = verifier.verify(token, at(now));
    return std::string(verified.ok() ? "" : name(verified.error()));
}

std::string fault_of_claims(std::string_view claims, Rules rules = {}, int now = 1000) {
    return fault(verifier(std::move(rules)), hs256(secret, hs_header, claims), now);
}

const test::RsaKey& rsa() {
    static const test::RsaKey key(2048);
    return key;
}

}  // namespace

TEST_CASE("a signed token is good until it expires", "[jwt]") {
    const auto claims = verifier().verify(hs256(secret, hs_header, good_claims), at(1000));
    REQUIRE(claims.ok());
    CHECK(claims->expires == at(2030));
    CHECK_FALSE(claims->list);
    CHECK(fault_of_claims(good_claims, {}, 2029).empty());
    CHECK(fault_of_claims(good_claims, {}, 2030) == "expired");
    CHECK(fault_of_claims(R"({"exp":2000.9})", {}, 2029).empty());
    CHECK(fault_of_claims(R"({"exp":-5})", {}, 1000) == "expired");
    CHECK(fault_of_claims(R"({"exp":1e300})", {}, 1000).empty());
    CHECK(fault_of_claims(R"({})") == "no_expiry");
    CHECK(fault_of_claims(R"({"exp":"2000"})") == "malformed");
    CHECK(fault_of_claims(R"({"exp":null})") == "malformed");
    CHECK(fault_of_claims(R"({"exp":2000,"nbf":1030})").empty());
    CHECK(fault_of_claims(R"({"exp":2000,"nbf":1031})") == "not_yet_valid");
    CHECK(fault_of_claims(R"({"exp":2000,"nbf":true})") == "malformed");
}

TEST_CASE("an RSA key takes its own tokens", "[jwt]") {
    const auto verifier = Verifier::make(rsa().public_pem(), {});
    REQUIRE(verifier.ok());
    CHECK(verifier->algorithm() == "RS256");
    CHECK(fault(*verifier, rsa().sign(rs_header, good_claims)).empty());
    const test::RsaKey other(2048);
    CHECK(fault(*verifier, other.sign(rs_header, good_claims)) == "signature");
}

TEST_CASE("a token cannot choose how it is checked", "[jwt]") {
    const Verifier hs = verifier();
    const Verifier rs = *Verifier::make(rsa().public_pem(), {});
    const std::string claims = base64url(good_claims);
    for (const char* none : {"none", "None", "NONE", "nOnE", ""}) {
        const std::string head = base64url(fmt::format(R"({{"alg":"{}"}})", none));
        CAPTURE(none);
        for (const Verifier* one : {&hs, &rs}) {
            CHECK_FALSE(fault(*one, head + '.' + claims + '.').empty());
            CHECK_FALSE(fault(*one, head + '.' + claims + ".AAAA").empty());
        }
    }
    // The public key as a secret, as it stands in the file and without its last newline.
    const std::string pem = rsa().public_pem();
    for (const std::string& known : {pem, pem.substr(0, pem.size() - 1)}) {
        CHECK(fault(rs, hs256(known, hs_header, good_claims)) == "algorithm");
        CHECK(fault(rs, hs256(known, rs_header, good_claims)) == "signature");
    }
    CHECK(fault(hs, rsa().sign(rs_header, good_claims)) == "algorithm");
    CHECK(fault(hs, rsa().sign(hs_header, good_claims)) == "signature");
    for (const char* other : {"HS384", "HS512", "hs256", "RS512", "ES256", "PS256", "EdDSA"})
        CHECK_FALSE(
            fault(hs, hs256(secret, fmt::format(R"({{"alg":"{}"}})", other), good_claims)).empty());
    CHECK_FALSE(fault(hs, hs256(secret, R"({"typ":"JWT"})", good_claims)).empty());
    CHECK_FALSE(fault(hs, hs256(secret, R"({"alg":["HS256"]})", good_claims)).empty());
    CHECK(fault(hs, hs256(secret, R"({"alg":"HS256","crit":["b64"],"b64":false})", good_claims)) ==
          "malformed");
    CHECK(fault(hs, hs256(secret, R"({"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"},"kid":"../x"})",
                          good_claims))
              .empty());  // what it says of keys is not looked at
}

TEST_CASE("whatever is changed in a token, it is refused", "[jwt]") {
    const Verifier hs = verifier();
    const std::string token = hs256(secret, hs_header, R"({"exp":2000,"sub":"x"})");
    REQUIRE(fault(hs, token).empty());
    int taken = 0;
    for (std::size_t i = 0; i < token.size(); ++i)
        for (const char c : {'A', 'B', 'z', '.', '=', '+', '/', ' ', '\0', '\xC3'}) {
            if (token[i] == c) continue;
            std::string changed = token;
            changed[i] = c;
            if (fault(hs, changed).empty()) ++taken;
        }
    CHECK(taken == 0);
    for (std::size_t i = 0; i < token.size(); ++i)
        if (fault(hs, token.substr(0, i)).empty()) ++taken;
    for (const std::string& more : {token + '.', token + "A", '.' + token, token + '\0',
                                    token + ' ', token + '.' + token, " " + token})
        if (fault(hs, more).empty()) ++taken;
    CHECK(taken == 0);
    CHECK(fault(hs, hs256("another secret of thirty-two bytes", hs_header, good_claims)) ==
          "signature");
    CHECK(fault(hs, "") == "missing");
    CHECK(fault(hs, "x") == "malformed");
    CHECK(fault(hs, "..") == "malformed");
    CHECK(fault(hs, hs256(secret, hs_header, "[]")) == "malformed");
    CHECK(fault(hs, hs256(secret, hs_header, "{")) == "malformed");
    CHECK(fault(hs, hs256(secret, "[]", good_claims)) == "malformed");
}

TEST_CASE("a token is from whom and for whom it must be", "[jwt]") {
    const Rules rules{.issuer = "https://issuer", .audience = "weir"};
    const auto of = [&](std::string_view rest) {
        return fault_of_claims(R"({"exp":2000)" + std::string(rest) + '}', rules);
    };
    CHECK(of(R"(,"iss":"https://issuer","aud":"weir")").empty());
    CHECK(of(R"(,"iss":"https://issuer","aud":["other","weir"])").empty());
    CHECK(of(R"(,"aud":"weir")") == "issuer");
    CHECK(of(R"(,"iss":"https://other","aud":"weir")") == "issuer");
    CHECK(of(R"(,"iss":["https://issuer"],"aud":"weir")") == "issuer");
    CHECK(of(R"(,"iss":"https://issuer")") == "audience");
    CHECK(of(R"(,"iss":"https://issuer","aud":"other")") == "audience");
    CHECK(of(R"(,"iss":"https://issuer","aud":["other",1,"weir"])") == "audience");
    CHECK(of(R"(,"iss":"https://issuer","aud":{"weir":1})") == "audience");
    CHECK(fault_of_claims(R"({"exp":2000,"aud":"weir"})") == "audience");  // we have no such name
    CHECK(fault_of_claims(R"({"exp":2000,"iss":"anybody"})").empty());
}

TEST_CASE("a claim may have to be a list", "[jwt]") {
    const auto read = [](std::string_view rest) {
        return verifier({.list_claim = "keys"})
            .verify(hs256(secret, hs_header, R"({"exp":2000)" + std::string(rest) + '}'), at(1000));
    };
    CHECK(*read(R"(,"keys":["b","a"])")->list == std::vector<std::string>{"b", "a"});
    CHECK(read(R"(,"keys":[])")->list->empty());
    CHECK_FALSE(read(R"(,"keys":"*")")->list);
    for (const char* wrong : {"", R"(,"keys":null)", R"(,"keys":"a")", R"(,"keys":["a",1])",
                              R"(,"keys":{"a":1})", R"(,"keys":true)", R"(,"Keys":["a"])"}) {
        CAPTURE(wrong);
        REQUIRE_FALSE(read(wrong).ok());
        CHECK(read(wrong).error() == Fault::claim);
    }
}

TEST_CASE("a key that does not protect is refused", "[jwt]") {
    const auto message = [](const std::string& key) {
        const auto made = Verifier::make(key, {});
        return made.ok() ? std::string(made->algorithm()) : made.error().message;
    };
    CHECK(message(std::string(31, 'x')) == "expected a secret of at least 32 bytes, got 31");
    CHECK(message(std::string(31, 'x') + '\n') == "expected a secret of at least 32 bytes, got 31");
    CHECK(message(std::string(32, 'x') + '\n') == "HS256");
    CHECK(message(test::RsaKey(1024).public_pem()) ==
          "expected an RSA key of at least 2048 bits, got 1024");
    const std::string other =
        "expected an RSA public key in PEM (-----BEGIN PUBLIC KEY-----) or a secret, got PEM of "
        "something else";
    CHECK(message(rsa().private_pem()) == other);
    CHECK(message("-----BEGIN CERTIFICATE-----\n" + std::string(100, 'A')) == other);
    CHECK(message("a word before\n" + rsa().public_pem()) == "RS256");
    CHECK(message(std::string(100'000, 'x')) == "expected a key of at most 65536 bytes");
    // A newline that belongs to the secret is the second one.
    CHECK(fault(*Verifier::make(secret + '\n', {}), hs256(secret, hs_header, good_claims)).empty());
    CHECK(fault(*Verifier::make(secret + "\n\n", {}), hs256(secret + '\n', hs_header, good_claims))
              .empty());
    CHECK(Verifier::load("/nowhere/key", {}).error().message ==
          "the key /nowhere/key cannot be read");
}
