// SPDX-License-Identifier: Apache-2.0
#include "socketio/websocket_handshake.hpp"

#include "net/digest.hpp"
#include "socketio/base64.hpp"

namespace weir::socketio::websocket {

bool is_handshake(const http::Request& request) {
    const auto key = base64_decode(request.header("sec-websocket-key"));
    return request.method == "GET" && request.asks_upgrade("websocket") &&
           request.header("sec-websocket-version") == "13" && key && key->size() == 16;
}

std::string accept_key(std::string_view key) {
    std::string proof;
    append_base64(proof, net::sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    return proof;
}

std::string handshake_answer(const http::Request& request) {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           accept_key(request.header("sec-websocket-key")) + "\r\n\r\n";
}

}  // namespace weir::socketio::websocket
