// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"

namespace weir::socketio::websocket {

/// True when the request is a well-formed opening handshake, version 13 (RFC 6455 section 4.2.1).
bool is_handshake(const http::Request& request);

/// What proves to the client that its key was read (RFC 6455 section 4.2.2).
std::string accept_key(std::string_view key);

/// The whole `101 Switching Protocols` answer to a request that is_handshake().
std::string handshake_answer(const http::Request& request);

}  // namespace weir::socketio::websocket
