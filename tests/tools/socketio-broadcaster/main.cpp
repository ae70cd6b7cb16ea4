// SPDX-License-Identifier: Apache-2.0
// socketio-broadcaster: sends `result` to all, COUNT times with SIZE bytes each, when a client says
// ["more",COUNT,SIZE]. Prints the port it listens on.
#include <csignal>
#include <cstdio>
#include <map>
#include <string>

#include "net/io_thread.hpp"
#include "socketio/server.hpp"

using namespace weir;

namespace {

constexpr std::size_t clients_max = 20'000;

/// A JSON object of so many bytes.
const std::string& event_of(std::size_t size) {
    static std::map<std::size_t, std::string> events;
    std::string& event = events[size];
    if (event.empty()) event = R"({"data":")" + std::string(size - 11, 'x') + R"("})";
    return event;
}

void send_more(socketio::Namespace& nsp, std::string_view args) {
    unsigned count = 0;
    unsigned size = 0;
    if (std::sscanf(std::string(args).c_str(), "%u,%u", &count, &size) != 2 || size < 12) return;
    for (; count > 0; --count)
        nsp.emit("result", event_of(size));
}

}  // namespace

int main() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    net::IoThread io("io");
    http::Server http(io.context(), {.connections_max = clients_max});
    socketio::Server server(io.context(), http,
                            {.engine = {.path = "/socket.io/", .clients_max = clients_max}});
    socketio::Namespace& all = server.of("/");
    all.on_event("more",
                 [&all](socketio::Socket&, socketio::Event& event) { send_more(all, event.args); });
    if (!http.listen({"127.0.0.1", 0}).ok()) return 1;
    std::printf("listening on %u\n", http.port());
    std::fflush(stdout);
    io.start();

    int signal = 0;
    sigwait(&signals, &signal);
    io.post([&] {
        http.stop();
        server.stop(std::chrono::milliseconds{0}, [] {});
    });
    io.join();
    return 0;
}
