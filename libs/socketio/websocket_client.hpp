// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/asio.hpp"
#include "net/tls.hpp"
#include "socketio/server_url.hpp"

namespace weir::socketio {

/// One WebSocket to a server, over TCP or TLS.
///
/// Threads:   the io_context's.
/// Lifetime:  shared by its owner and its own pending operations; after close() the listener is
///            not called any more.
class WebSocketClient {
public:
    class Listener {
    public:
        virtual void on_open() = 0;
        virtual void on_text(std::string_view message) = 0;
        virtual void on_pong(std::string_view payload) = 0;
        /// The kernel has what was sent last.
        virtual void on_sent() = 0;
        /// The last call: what failed, or that the server has gone.
        virtual void on_closed(const std::string& reason) = 0;

    protected:
        ~Listener() = default;
    };

    /// `tls`: whom to trust, for https. `listener` outlives it or calls close(). Errors: a file of
    /// `tls` that cannot be used.
    static Result<std::shared_ptr<WebSocketClient>> make(net::asio::io_context& context,
                                                         const ServerUrl& url,
                                                         const net::TlsClientOptions& tls,
                                                         Listener& listener);
    virtual ~WebSocketClient() = default;

    /// Resolves, connects and shakes hands, with this query behind the path.
    virtual void open(const std::string& query) = 0;

    /// One at a time, pings too: the next one after on_sent().
    virtual void send(std::string message) = 0;
    virtual void ping(std::string_view payload) = 0;

    /// Lets go at once.
    virtual void close() = 0;
};

}  // namespace weir::socketio
