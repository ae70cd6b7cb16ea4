// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/endpoint.hpp"

namespace weir::socketio {

/// Where a Socket.IO server is reached, as an option writes it.
struct ServerUrl {
    bool tls = false;
    net::Endpoint endpoint;
    std::string path = "/socket.io/";  ///< of Engine.IO; a namespace is not part of it

    /// Reads `http://HOST[:PORT][/PATH]` (port 80 when absent) or `https://…` (443). Errors: a
    /// sentence with the text and what is expected.
    static Result<ServerUrl> parse(std::string_view text);

    /// The text that parse() reads back.
    [[nodiscard]] std::string text() const;
    bool operator==(const ServerUrl&) const = default;
};

}  // namespace weir::socketio
