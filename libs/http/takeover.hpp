// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "http/server.hpp"
#include "net/stream.hpp"

namespace weir::http {

/// A connection that has left HTTP: its stream, and what the peer sent after the request.
struct Takeover {
    net::Stream stream;
    std::string received;
};

/// Takes the connection out of the server instead of answering; the caller writes the 101 itself.
/// The stream is closed already when the peer has gone. It no longer counts against
/// Limits::connections_max.
Takeover take_over(Responder responder);

}  // namespace weir::http
