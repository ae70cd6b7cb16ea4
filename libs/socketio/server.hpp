// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/server.hpp"
#include "socketio/namespace.hpp"
#include "socketio/options.hpp"
#include "socketio/socket.hpp"
#include "socketio/stats.hpp"

namespace boost::asio {
class io_context;
}

namespace weir::socketio {

class ServerCore;

/// A Socket.IO server, protocol revision 5 (github.com/socketio/socket.io-protocol) over Engine.IO
/// revision 4: what socket.io-client 3 and 4, python-socketio 5 and their kin connect to.
///
/// Problem: push events to as many browsers as the kernel can serve, hear what they say, and let
/// no client, slow or hostile, cost more than its share.
///
/// JSON passes through as text: arguments are what stands between an array's brackets after the
/// event's name (`1,{"a":2}`), checked when they come from a client, trusted when they come from
/// us. Binary arguments are placeholders `{"_placeholder":true,"num":i}` in that text, and the
/// bytes beside it.
///
/// Threads:  one io thread, shared with the HTTP server; stats() from any thread.
/// Lifetime: made, with its namespaces and their handlers, before the HTTP server listens.
class Server {
public:
    Server(boost::asio::io_context& context, http::Server& http, ServerOptions options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// The namespace of that name (`/`, `/live`), made on first use. Clients that ask for any
    /// other are refused with `Invalid namespace`. Lives as long as the server.
    Namespace& of(std::string_view name);

    /// Refuses new clients and disconnects the others evenly over `spread`, in the way after which
    /// they come back by themselves (and find another replica); then calls `done`.
    void stop(std::chrono::milliseconds spread, std::function<void()> done);

    const Stats& stats() const;

private:
    std::shared_ptr<ServerCore> core_;
};

}  // namespace weir::socketio
