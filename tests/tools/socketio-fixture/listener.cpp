// SPDX-License-Identifier: Apache-2.0
#include "listener.hpp"

#include <span>
#include <string_view>

#include "net/endpoint.hpp"
#include "net/tls_server.hpp"

using namespace weir;

namespace socketio_fixture {

Result<void> listen(http::Server& server, int argc, const char* const* argv) {
    const std::span words(argv, static_cast<std::size_t>(argc));
    const bool over_tls = words.size() == 6 && std::string_view(words[3]) == "--tls";
    const bool known = words.size() == 3 || over_tls;
    if (!known || std::string_view(words[1]) != "--listen")
        return Error{"usage: socketio-fixture --listen HOST:PORT [--tls CERT KEY]"};
    if (over_tls) {
        auto tls = net::TlsServer::load(words[4], words[5]);
        if (!tls) return tls.error();
        server.use_tls(std::move(*tls));
    }
    const auto endpoint = net::parse_endpoint(words[2]);
    return endpoint ? server.listen(*endpoint) : endpoint.error();
}

}  // namespace socketio_fixture
