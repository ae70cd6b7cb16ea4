// SPDX-License-Identifier: Apache-2.0
#include "net/tls_server.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>
#include <new>
#include <string_view>
#include <system_error>

namespace weir::net {
namespace {

// The only protocol spoken behind TLS here, as a list on the wire (RFC 7301 section 3.1).
constexpr std::string_view http_1_1 = "\x08http/1.1";

constexpr std::chrono::days end_is_near{14};

/// What OpenSSL said first of what failed, the system's words where it was the system.
std::string first_error() {
    const unsigned long error = ERR_get_error();
    ERR_clear_error();
    if (ERR_SYSTEM_ERROR(error)) return std::generic_category().message(ERR_GET_REASON(error));
    const char* reason = ERR_reason_error_string(error);
    return reason != nullptr ? reason : "unknown error";
}

/// A client that does not know HTTP/1.1 is told so at once (RFC 7301 section 3.2).
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void*) {
    unsigned char* found = nullptr;
    const int outcome =
        SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(http_1_1.data()),
                              static_cast<unsigned>(http_1_1.size()), offered, offered_size);
    if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

void set_rules(SSL_CTX& context) {
    SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(&context, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(&context, choose_protocol, nullptr);
    // What waits for the kernel stays with its owner, and an idle connection has no buffers.
    SSL_CTX_set_mode(&context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                   SSL_MODE_RELEASE_BUFFERS);
    // Else a client that only sends key updates would be read for as long as it likes.
    SSL_CTX_clear_mode(&context, SSL_MODE_AUTO_RETRY);
    // Or OpenSSL would ask on the terminal.
    SSL_CTX_set_default_passwd_cb(&context, [](char*, int, int, void*) { return 0; });
}

std::chrono::sys_seconds end_of(const X509& certificate) {
    std::tm end{};
    ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &end);
    return std::chrono::sys_seconds{std::chrono::seconds{::timegm(&end)}};
}

}  // namespace

Result<std::shared_ptr<const TlsServer>> TlsServer::load(const std::string& cert_file,
                                                         const std::string& key_file) {
    ERR_clear_error();
    Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!context) throw std::bad_alloc();
    set_rules(*context);
    if (SSL_CTX_use_certificate_chain_file(context.get(), cert_file.c_str()) != 1)
        return Error{
            fmt::format("the certificate in {}, expected as PEM: {}", cert_file, first_error())};
    const bool has_key =
        SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) == 1;
    if (!has_key && ERR_GET_LIB(ERR_peek_error()) != ERR_LIB_X509)
        return Error{fmt::format("the private key in {}, expected as PEM, not encrypted: {}",
                                 key_file, first_error())};
    ERR_clear_error();
    if (SSL_CTX_check_private_key(context.get()) != 1)
        return Error{fmt::format("the private key in {} does not belong to the certificate in {}",
                                 key_file, cert_file)};
    const auto expires = end_of(*SSL_CTX_get0_certificate(context.get()));
    return std::shared_ptr<const TlsServer>(new TlsServer(std::move(context), expires));
}

std::optional<std::string> doubt_about_end(std::chrono::sys_seconds expires,
                                           std::chrono::sys_seconds now) {
    if (expires - now > end_is_near) return std::nullopt;
    const std::time_t end{expires.time_since_epoch().count()};
    return fmt::format("the certificate {} on {:%F at %T} UTC; clients refuse it from then on",
                       expires <= now ? "ended" : "ends", fmt::gmtime(end));
}

}  // namespace weir::net
