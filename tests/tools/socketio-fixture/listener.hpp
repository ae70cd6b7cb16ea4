// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/server.hpp"

namespace socketio_fixture {

/// Has the server listen as the command line says: --listen HOST:PORT [--tls CERT KEY].
weir::Result<void> listen(weir::http::Server& server, int argc, const char* const* argv);

}  // namespace socketio_fixture
