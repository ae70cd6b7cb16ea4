// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/types.h>

#include <memory>
#include <span>
#include <string_view>

#include "net/asio.hpp"
#include "net/tls_server.hpp"

struct iovec;

namespace weir::net {

/// The TLS of one connection, the server's side, on a socket that does not block. For Stream.
///
/// OpenSSL works on the socket itself: what waits for the kernel is one record at most, and nothing
/// is held between records.
class TlsConnection {
public:
    using Wait = TcpSocket::wait_type;

    /// `fd` stays its owner's and must outlive this.
    TlsConnection(const TlsServer& server, int fd);
    TlsConnection(const TlsConnection&) = delete;
    TlsConnection& operator=(const TlsConnection&) = delete;

    // As those of Stream.
    std::size_t read_some(std::span<char> room, ErrorCode& error);
    std::size_t write_some(std::span<const iovec> parts, ErrorCode& error);
    bool is_shaking() const;

    /// What the last read or write that would have blocked waits for: either may have to do the
    /// other first.
    Wait read_waits_for() const { return read_waits_for_; }
    Wait write_waits_for() const { return write_waits_for_; }

    /// True when there is something to read of which no readiness of the socket tells.
    bool has_pending() const;

    /// Says that nothing more comes (close_notify), unless something is half sent or broken.
    void say_end();

private:
    ErrorCode error_of(int result, Wait& waits_for);

    int fd_;
    std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
    Wait read_waits_for_ = TcpSocket::wait_read;
    Wait write_waits_for_ = TcpSocket::wait_write;
    bool broken_ = false;
};

}  // namespace weir::net
