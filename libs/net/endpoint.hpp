// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace weir::net {

/// Where to listen or to connect: a name or address, and a TCP port. Port 0 means, for a listener,
/// any free port.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;

    bool operator==(const Endpoint&) const = default;
};

/// Reads `HOST:PORT`: `0.0.0.0:5000`, `localhost:0`, `[::1]:8080` (IPv6 addresses need brackets).
/// Resolves nothing. Errors: a sentence with the text and what is wrong with it.
Result<Endpoint> parse_endpoint(std::string_view text);

/// The text that parse_endpoint() reads back.
std::string to_string(const Endpoint& endpoint);

}  // namespace weir::net
