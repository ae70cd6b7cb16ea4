// SPDX-License-Identifier: Apache-2.0
#include "socketio/stats.hpp"

namespace weir::socketio {

std::string_view name(Transport transport) {
    return transport == Transport::polling ? "polling" : "websocket";
}

std::string_view name(CloseReason reason) {
    switch (reason) {
        case CloseReason::client_close: return "client_close";
        case CloseReason::transport_close: return "transport_close";
        case CloseReason::ping_timeout: return "ping_timeout";
        case CloseReason::server_close: return "server_close";
        case CloseReason::protocol_error: return "protocol_error";
        case CloseReason::too_large: return "too_large";
        case CloseReason::too_slow: return "too_slow";
        case CloseReason::too_fast: return "too_fast";
        case CloseReason::connect_timeout: return "connect_timeout";
    }
    return "unknown";
}

std::string_view message(RefusalCode code) {
    switch (code) {
        case RefusalCode::transport_unknown: return "Transport unknown";
        case RefusalCode::session_unknown: return "Session ID unknown";
        case RefusalCode::bad_method: return "Bad handshake method";
        case RefusalCode::bad_request: return "Bad request";
        case RefusalCode::forbidden: return "Forbidden";
        case RefusalCode::version_unsupported: return "Unsupported protocol version";
    }
    return "Bad request";
}

}  // namespace weir::socketio
