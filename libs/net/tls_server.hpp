// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace weir::net {

/// Who a server is to its clients: its certificate with its key, and the rules of the handshake.
///
/// TLS 1.2 or later; of TLS 1.2 only what has forward secrecy and authenticated encryption
/// (RFC 9325 section 4.2); no renegotiation, no 0-RTT; HTTP/1.1 is the only protocol (RFC 7301).
/// Sessions are resumed by tickets, of which the server keeps nothing.
///
/// Threads:  any; it never changes. A new certificate is another object.
/// Lifetime: a connection keeps what it needs of it.
class TlsServer {
public:
    /// Both files are PEM; the first holds the certificate, then those that signed it, up to one
    /// that clients know. The key is not encrypted.
    /// Errors: a sentence that names the file and what is wrong with it.
    static Result<std::shared_ptr<const TlsServer>> load(const std::string& cert_file,
                                                         const std::string& key_file);

    /// From then on clients refuse the certificate.
    std::chrono::sys_seconds expires() const { return expires_; }

    SSL_CTX& context() const { return *context_; }

private:
    using Context = std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)>;

    TlsServer(Context context, std::chrono::sys_seconds expires)
        : context_(std::move(context)), expires_(expires) {}

    Context context_;
    std::chrono::sys_seconds expires_;
};

/// What an operator should be told of a certificate that has ended, or ends within 14 days.
std::optional<std::string> doubt_about_end(std::chrono::sys_seconds expires,
                                           std::chrono::sys_seconds now);

}  // namespace weir::net
