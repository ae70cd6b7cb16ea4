// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace socketio_load {

using Clock = std::chrono::steady_clock;

struct CrowdOptions {
    std::uint16_t port = 0;
    std::string nsp = "/";         ///< the namespace they join
    std::string event = "result";  ///< what is counted
};

/// Socket.IO clients over WebSocket that join a namespace and count one event.
///
/// Threads: none. Errors: a server that does what it must not ends the program with a message.
class Crowd {
public:
    explicit Crowd(CrowdOptions options);
    ~Crowd();
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    /// Connects `count` more, `stalled` of them such that read nothing once they have joined, and
    /// waits until all have joined. Seconds it took.
    double connect(std::size_t count, std::size_t stalled);
    /// Resets all connections.
    void drop();

    /// Serves the connections until `done`; an end of the program after a minute without.
    void run_until(const std::function<bool()>& done);
    void run_for(std::chrono::milliseconds time);

    /// A reader's message to the server.
    void say(std::string_view text);

    std::size_t readers() const { return joined_ - stalled_; }
    std::uint64_t deliveries() const { return deliveries_; }
    /// Milliseconds from `"sent_ns":…` in an event to here, of each; empties the list.
    std::vector<double> take_latencies() { return std::exchange(latencies_, {}); }

private:
    enum class State { connecting, asking, opening, joining, joined, stalled };
    struct Client {
        int fd = -1;
        State state = State::connecting;
        bool stalls = false;
        std::string rest;  ///< an unfinished frame
    };

    void begin_one();
    void on_ready(Client& client);
    void on_bytes(Client& client, std::string_view bytes);
    void on_text(Client& client, std::string_view text);
    void send_text(const Client& client, std::string_view text);
    void poll(int timeout_ms);

    CrowdOptions options_;
    std::string event_head_;
    int poll_;
    std::vector<Client> clients_;
    std::size_t to_begin_ = 0;
    std::size_t to_stall_ = 0;
    std::size_t joined_ = 0;
    std::size_t stalled_ = 0;
    std::uint64_t deliveries_ = 0;
    std::vector<double> latencies_;
};

}  // namespace socketio_load
