// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside libs/mqtt only: what carries packets to a broker.

#include <boost/asio/ip/basic_resolver.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "mqtt/connection.hpp"
#include "net/asio.hpp"

namespace weir::mqtt {

/// One connection to a broker: bytes over TCP, TLS, WebSocket (MQTT 5 section 6), or WebSocket over
/// TLS. Once closed it is no use any more.
///
/// Threads:  that of the io_context. One read and one write at a time.
/// Lifetime: an operation under way keeps the object alive, and calls its handler after close(),
///           too.
class Transport {
public:
    using Resolver = net::asio::ip::basic_resolver<net::tcp, net::Executor>;
    using Connected = std::function<void(const net::ErrorCode& error, std::string_view reason)>;
    /// The end of the connection is always asio::error::eof.
    using Done = std::function<void(const net::ErrorCode& error, std::size_t count)>;

    /// Errors: those of tls_client_context().
    static Result<std::shared_ptr<Transport>> make(net::asio::io_context& context,
                                                   const Connection& connection);

    virtual ~Transport() = default;

    /// Connects to the first address that answers, with all handshakes. `reason` is a sentence.
    virtual void connect(const Resolver::results_type& addresses, Connected connected) = 0;
    /// `room` must live until `done`, also beyond close().
    virtual void read_some(std::span<char> room, Done done) = 0;
    /// Takes the bytes, leaving `bytes` empty, and writes all of them.
    virtual void write(std::string& bytes, Done done) = 0;
    /// Nothing is written any more, and the broker is told so where that can be said: a WebSocket
    /// has a frame for it. What comes is still read.
    virtual void shutdown_send() = 0;
    virtual void close() = 0;
};

}  // namespace weir::mqtt
