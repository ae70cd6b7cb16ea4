// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "socketio/engine.hpp"
#include "socketio/server.hpp"

namespace socketio_fixture {

/// Sends every Engine.IO message back as it came.
std::unique_ptr<weir::socketio::SessionHandler> echo(weir::socketio::Session& session);

/// Gives a namespace the events that suites use: `message` comes back as `message-back`,
/// `message-with-ack` as an ack; the others make the server do what only a server can begin.
void add_handlers(weir::socketio::Namespace& nsp);

/// Lets nobody join, and says why.
void refuse_all(weir::socketio::Namespace& nsp);

}  // namespace socketio_fixture
