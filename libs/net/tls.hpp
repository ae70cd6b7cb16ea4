// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace weir::net {

/// How a client proves who it is, and whom it trusts. Files are PEM.
struct TlsClientOptions {
    std::string ca_file;    ///< who may sign the server's certificate; empty: the system's list
    std::string cert_file;  ///< with key_file: the client's certificate and what signed it
    std::string key_file;   ///< not encrypted
    std::string alpn;       ///< the application protocol to ask for (RFC 7301); empty: none

    bool operator==(const TlsClientOptions&) const = default;
};

/// TLS 1.2 or later, the server's certificate checked; expect_host() has its name checked, too.
/// Errors: a sentence that names the file and what is wrong with it.
Result<std::shared_ptr<boost::asio::ssl::context>> tls_client_context(
    const TlsClientOptions& options);

/// One protocol as a list of protocols on the wire (RFC 7301 section 3.1); empty for none.
std::string alpn_list(const std::string& protocol);

/// Before the handshake: the certificate must be for this name or address (RFC 6125), and servers
/// with several certificates are told the name (RFC 6066 section 3).
void expect_host(SSL& connection, const std::string& host);

/// After a handshake that failed: what is wrong with the peer's certificate; empty if nothing is.
std::string doubt_about_peer(const SSL& connection);

}  // namespace weir::net
