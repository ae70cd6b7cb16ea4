// SPDX-License-Identifier: Apache-2.0
#include "net/tls.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/system/error_code.hpp>
#include <string_view>

namespace weir::net {
namespace {

namespace ssl = boost::asio::ssl;
using ErrorCode = boost::system::error_code;

Error unusable(std::string_view what, const std::string& file, const ErrorCode& error) {
    return Error{fmt::format("{} {}: {}", what, file, error.message())};
}

}  // namespace

Result<std::shared_ptr<ssl::context>> tls_client_context(const TlsClientOptions& options) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
    ErrorCode error;
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    context->set_verify_mode(ssl::verify_peer, error);
    if (options.ca_file.empty()) {
        context->set_default_verify_paths(error);
        if (error) return Error{"the system's list of certificates: " + error.message()};
    } else {
        context->load_verify_file(options.ca_file, error);
        if (error) return unusable("the certificates of authorities in", options.ca_file, error);
    }
    // Or OpenSSL would ask on the terminal.
    context->set_password_callback(
        [](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
    if (!options.cert_file.empty()) {
        context->use_certificate_chain_file(options.cert_file, error);
        if (error) return unusable("the certificate in", options.cert_file, error);
        context->use_private_key_file(options.key_file, ssl::context::pem, error);
        if (error) return unusable("the private key in", options.key_file, error);
    }
    if (options.alpn.size() > 255)
        return Error{fmt::format("the protocol's name (ALPN): expected at most 255 bytes, got {}",
                                 options.alpn.size())};
    if (!options.alpn.empty()) {
        const std::string list = alpn_list(options.alpn);
        SSL_CTX_set_alpn_protos(context->native_handle(),
                                reinterpret_cast<const unsigned char*>(list.data()),
                                static_cast<unsigned>(list.size()));
    }
    return context;
}

std::string alpn_list(const std::string& protocol) {
    return protocol.empty() ? "" : static_cast<char>(protocol.size()) + protocol;
}

void expect_host(SSL& connection, const std::string& host) {
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(&connection), host.c_str()) == 1) return;
    SSL_set1_host(&connection, host.c_str());
    SSL_set_tlsext_host_name(&connection, host.c_str());
}

std::string doubt_about_peer(const SSL& connection) {
    const long verdict = SSL_get_verify_result(&connection);
    return verdict == X509_V_OK ? "" : X509_verify_cert_error_string(verdict);
}

}  // namespace weir::net
