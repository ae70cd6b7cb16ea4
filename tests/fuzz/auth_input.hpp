// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "client_auth.hpp"
#include "input.hpp"
#include "jwt/verifier.hpp"
#include "key_set.hpp"
#include "socketio/json_text.hpp"

namespace weir::fuzz {

/// Signed with the secret below.
inline constexpr std::string_view good_token =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjQxMDI0NDQ4MDAsImtleXMiOlsiYSIsImIiXX0."
    "BJ6x9WSRBcNuY4wg8n4HtbkWJnIhAO0iwhLlrv4BJRA";

inline const jwt::Verifier& verifier() {
    static const jwt::Verifier made =
        *jwt::Verifier::make("a secret that everybody knows here", {.list_claim = "keys"});
    return made;
}

/// What must hold of what a client asks for.
inline void check_keys(const Result<emitter::KeySet>& keys, std::size_t keys_max) {
    if (!keys) {
        WEIR_ASSERT(!keys.error().message.empty() && is_utf8(keys.error().message),
                    "a reason is a sentence");
        return;
    }
    WEIR_ASSERT(keys->size() <= keys_max, "keys are bounded");
    for (const std::string& key : *keys)
        WEIR_ASSERT(key.size() <= emitter::key_bytes_max && is_utf8(key), "a key is a short text");
    WEIR_ASSERT(*emitter::read_keys(emitter::to_json(*keys), keys_max) == *keys,
                "keys are the same when they are written and read again");
}

/// A client's auth object, or the arguments of its `subscribe`; nothing else comes this far.
///
/// The input: a byte that says which, then the text. Returns whether there was a good token in it.
inline bool read_client_auth(std::string_view bytes) {
    constexpr std::size_t keys_max = 3;
    Input input(bytes);
    const unsigned what = input.byte();
    const std::string_view text = input.rest();
    if ((what & 1U) != 0) {
        if (socketio::is_json_list(text)) check_keys(emitter::read_keys(text, keys_max), keys_max);
        return false;
    }
    if (!socketio::is_json_object(text)) return false;
    auto keys = emitter::read_auth_keys(text, keys_max);
    if (!keys) check_keys(keys.error(), keys_max);
    if (keys.ok() && *keys) check_keys(std::move(**keys), keys_max);
    const std::string token = emitter::read_auth_token(text);
    const auto claims = verifier().verify(token, std::chrono::sys_seconds{});
    WEIR_ASSERT(claims.ok() == (token == good_token), "just the token that was signed is good");
    return claims.ok();
}

/// Good inputs, to begin with.
inline std::vector<std::string> auth_seeds() {
    const std::string token = '"' + std::string(good_token) + '"';
    return {
        '\0' + std::string(R"({"token":)") + token + R"(,"keys":["a","b"],"pid":"x"})",
        '\0' + std::string(R"({"keys":["\u00e9\n",""],"token":)") + token + '}',
        '\0' + std::string(R"({"keys":null,"a":{"token":1}})"),
        '\1' + std::string(R"(["device1","a\"b","\ud83d\ude00"])"),
        '\1' + std::string(R"(["a"],["b"])"),
    };
}

}  // namespace weir::fuzz
