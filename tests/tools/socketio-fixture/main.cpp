// SPDX-License-Identifier: Apache-2.0
// A raw Engine.IO echo at /engine.io/ and a Socket.IO server at /socket.io/ with the namespaces
// `/`, `/custom` and `/members`, which lets nobody in; with times short enough to wait for. Prints
// the port it listens on.
#include <csignal>
#include <cstdio>

#include "handlers.hpp"
#include "listener.hpp"
#include "net/io_thread.hpp"
#include "socketio/engine.hpp"

using namespace weir;
using namespace std::chrono_literals;

namespace {

socketio::EngineOptions engine_options(std::string path) {
    return {.path = std::move(path),
            .ping_interval = 300ms,
            .ping_timeout = 200ms,
            .upgrade_timeout = 400ms,
            .max_payload = 1'000'000,
            .cors = {.origins = {"*"}}};
}

sigset_t stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

}  // namespace

int main(int argc, char** argv) {
    const sigset_t signals = stop_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    net::IoThread io("io");
    http::Server http(
        io.context(),
        {.connections_max = 20'000, .body_bytes_max = 1'100'000, .header_max = 1000ms});
    socketio::Engine engine(io.context(), http, engine_options("/engine.io/"),
                            socketio_fixture::echo);
    socketio::Server server(io.context(), http,
                            {.engine = engine_options("/socket.io/"),
                             .connect_timeout = 1000ms,
                             .ack_timeout = 500ms,
                             .attachments_timeout = 500ms});
    socketio_fixture::add_handlers(server.of("/"));
    socketio_fixture::add_handlers(server.of("/custom"));
    socketio_fixture::refuse_all(server.of("/members"));

    const auto listening = socketio_fixture::listen(http, argc, argv);
    if (!listening.ok()) {
        std::fprintf(stderr, "%s\n", listening.error().message.c_str());
        return 1;
    }
    std::printf("listening on %u\n", http.port());
    std::fflush(stdout);
    io.start();

    int signal = 0;
    sigwait(&signals, &signal);
    io.post([&] {
        http.stop();
        engine.stop(0ms, [&] { server.stop(0ms, [] {}); });
    });
    io.join();
    return 0;
}
