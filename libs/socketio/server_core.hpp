// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "net/asio.hpp"
#include "socketio/engine.hpp"
#include "socketio/namespace.hpp"
#include "socketio/options.hpp"

namespace weir::socketio {

/// What the clients and namespaces of one server share.
class ServerCore : public std::enable_shared_from_this<ServerCore> {
public:
    ServerCore(net::asio::io_context& io, ServerOptions given)
        : context(io), options(std::move(given)) {}

    Namespace* find(std::string_view name) const {
        const auto found = namespaces.find(name);
        return found == namespaces.end() ? nullptr : found->second.get();
    }

    net::asio::io_context& context;
    const ServerOptions options;
    std::map<std::string, std::unique_ptr<Namespace>, std::less<>> namespaces;
    std::unique_ptr<Engine> engine;
};

}  // namespace weir::socketio
