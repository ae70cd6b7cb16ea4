// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/post.hpp>
#include <memory>
#include <span>
#include <utility>

#include "net/asio.hpp"
#include "net/tls_connection.hpp"

struct iovec;

namespace weir::net {

/// The bytes of one accepted connection, on TCP as it is or on TLS over it.
///
/// Problem: thousands of connections are mostly idle, so none may hold a buffer while it waits, and
/// what is sent goes to the kernel in one call. So whoever has a stream waits until it is ready,
/// then reads to a buffer that all share, and writes from where the bytes are. TLS adds to that: a
/// read may have to write first and the other way round, and bytes that are decrypted already are
/// announced by no socket. await_readable() and await_writable() see to both.
///
/// Threads:  one.
/// Lifetime: handlers that wait keep what they need alive; close() and cancel() end their waits.
class Stream {
public:
    /// Takes a connected socket, and makes it one that neither blocks nor delays.
    explicit Stream(TcpSocket socket);
    /// The same with TLS on it. Reading begins with the handshake.
    Stream(TcpSocket socket, const TlsServer& server);

    Executor executor() { return socket_.get_executor(); }
    const TcpSocket& socket() const { return socket_; }

    /// Reads what there is. Over TLS at most one record.
    /// Errors: would_block: await_readable(). eof: the peer sends no more. wrong_protocol_type:
    ///         where TLS was due the peer began with HTTP; drop_tls() lets it be told.
    ///         protocol_error: it spoke no TLS, or the two cannot agree. The system's.
    std::size_t read_some(std::span<char> room, ErrorCode& error);

    /// Writes the beginning of `parts`, of which not all are empty; returns how much it was. Over
    /// TLS that is one record, as full as they make it.
    /// Errors: would_block: await_writable(), then begin with the same bytes. The system's.
    std::size_t write_some(std::span<const iovec> parts, ErrorCode& error);

    /// Calls `handler(ErrorCode)` when a read that would have blocked is worth another try.
    template <typename Handler>
    void await_readable(Handler&& handler) {
        if (tls_ && tls_->has_pending())
            asio::post(executor(), [handler = std::forward<Handler>(handler)]() mutable {
                handler(ErrorCode());
            });
        else
            socket_.async_wait(tls_ ? tls_->read_waits_for() : TcpSocket::wait_read,
                               std::forward<Handler>(handler));
    }

    /// The same for a write.
    template <typename Handler>
    void await_writable(Handler&& handler) {
        socket_.async_wait(tls_ ? tls_->write_waits_for() : TcpSocket::wait_write,
                           std::forward<Handler>(handler));
    }

    /// Ends the waits that are under way with an error.
    void cancel();

    /// Tells the peer that nothing more comes; what it sends can still be read.
    void shutdown_send();

    /// Over TLS the peer is told first if nothing is half sent.
    void close();

    /// True until the handshake is done.
    bool is_shaking() const { return tls_ && tls_->is_shaking(); }

    /// Goes on without TLS.
    void drop_tls() { tls_.reset(); }

private:
    TcpSocket socket_;
    std::unique_ptr<TlsConnection> tls_;  // none: TCP as it is
};

}  // namespace weir::net
