// SPDX-License-Identifier: Apache-2.0
#include "crowd.hpp"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace socketio_load {
namespace {

constexpr std::chrono::seconds patience{60};
constexpr std::size_t connecting_max = 256;  // at once; a listener's backlog holds more
constexpr int stalled_receive_bytes = 4096;
constexpr std::string_view stamp = R"("sent_ns":)";

std::array<char, 256 * 1024> scratch;

[[noreturn]] void give_up(const std::string& what) {
    std::fprintf(stderr, "socketio-load: %s (%s)\n", what.c_str(), std::strerror(errno));
    std::exit(1);
}

/// A frame masked with zeros: the text stays as it is.
std::string masked(std::string_view text) {
    if (text.size() > 125) give_up("a message of the load is short");
    std::string frame = "\x81";
    frame += static_cast<char>(0x80 | text.size());
    frame.append(4, '\0');
    return frame.append(text);
}

/// Takes the first whole frame off `bytes`; its opcode, or -1 when none is whole.
int take_frame(std::string_view& bytes, std::string_view& payload) {
    if (bytes.size() < 2) return -1;
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
    std::size_t header = 2;
    std::size_t size = byte(1);
    if (size >= 126) {
        const std::size_t wide = size == 126 ? 2 : 8;
        header += wide;
        if (bytes.size() < header) return -1;
        size = 0;
        for (std::size_t i = 2; i < header; ++i)
            size = size << 8 | byte(i);
    }
    if (bytes.size() < header + size) return -1;
    const int opcode = byte(0) & 0x0F;
    payload = bytes.substr(header, size);
    bytes.remove_prefix(header + size);
    return opcode;
}

}  // namespace

Crowd::Crowd(CrowdOptions options) : options_(std::move(options)), poll_(::epoll_create1(0)) {
    event_head_ = "42" + (options_.nsp == "/" ? std::string() : options_.nsp + ",") + "[\"" +
                  options_.event + '"';
}

Crowd::~Crowd() {
    drop();
    ::close(poll_);
}

double Crowd::connect(std::size_t count, std::size_t stalled) {
    const auto began = Clock::now();
    const std::size_t goal = joined_ + count;
    clients_.reserve(clients_.size() + count);  // epoll keeps their addresses
    to_begin_ = count;
    to_stall_ = stalled;
    for (std::size_t i = 0; i < std::min(count, connecting_max); ++i)
        begin_one();
    run_until([&] { return joined_ == goal; });
    return std::chrono::duration<double>(Clock::now() - began).count();
}

void Crowd::begin_one() {
    if (to_begin_ == 0) return;
    --to_begin_;
    Client& client = clients_.emplace_back();
    client.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    client.stalls = to_stall_ > 0;
    if (client.stalls) {
        --to_stall_;
        ::setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &stalled_receive_bytes, sizeof(int));
    }
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(options_.port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int failed =
        ::connect(client.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (client.fd < 0 || (failed != 0 && errno != EINPROGRESS)) give_up("connect");
    epoll_event event{.events = EPOLLOUT, .data = {.ptr = &client}};
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, client.fd, &event);
}

void Crowd::drop() {
    const linger reset{.l_onoff = 1, .l_linger = 0};
    for (const Client& client : clients_) {
        ::setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        ::close(client.fd);
    }
    clients_.clear();
    joined_ = stalled_ = 0;
}

void Crowd::run_until(const std::function<bool()>& done) {
    const auto deadline = Clock::now() + patience;
    while (!done()) {
        poll(10);
        if (Clock::now() > deadline) {
            errno = ETIMEDOUT;
            give_up(std::to_string(joined_) + " joined, " + std::to_string(deliveries_) +
                    " deliveries, and no more");
        }
    }
}

void Crowd::run_for(std::chrono::milliseconds time) {
    const auto end = Clock::now() + time;
    run_until([end] { return Clock::now() >= end; });
}

void Crowd::poll(int timeout_ms) {
    std::array<epoll_event, 512> events;
    const int count =
        ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), timeout_ms);
    for (int i = 0; i < count; ++i)
        on_ready(*static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr));
}

void Crowd::on_ready(Client& client) {
    if (client.state == State::connecting) {
        client.state = State::asking;
        const std::string request =
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
            "Host: localhost\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        if (::send(client.fd, request.data(), request.size(), MSG_NOSIGNAL) < 0)
            give_up("a connection is refused");
        epoll_event event{.events = EPOLLIN, .data = {.ptr = &client}};
        ::epoll_ctl(poll_, EPOLL_CTL_MOD, client.fd, &event);
        return;
    }
    const ssize_t size = ::recv(client.fd, scratch.data(), scratch.size(), 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) give_up("the server ends a connection");
    const std::string_view bytes(scratch.data(), static_cast<std::size_t>(size));
    if (client.rest.empty()) return on_bytes(client, bytes);
    const std::string whole = std::exchange(client.rest, {}).append(bytes);
    on_bytes(client, whole);
}

void Crowd::on_bytes(Client& client, std::string_view bytes) {
    if (client.state == State::asking) {
        const std::size_t end = bytes.find("\r\n\r\n");
        if (end != std::string_view::npos) {
            if (!bytes.starts_with("HTTP/1.1 101")) give_up(std::string(bytes.substr(0, end)));
            client.state = State::opening;
            bytes.remove_prefix(end + 4);
        }
    }
    std::string_view payload;
    while (client.state != State::asking && client.state != State::stalled) {
        const int opcode = take_frame(bytes, payload);
        if (opcode < 0) break;
        if (opcode != 1) give_up("a frame that is no text");
        on_text(client, payload);
    }
    client.rest = bytes;
}

void Crowd::on_text(Client& client, std::string_view text) {
    if (text.starts_with(event_head_)) {
        ++deliveries_;
        const std::size_t found = text.find(stamp);
        if (found == std::string_view::npos) return;
        std::int64_t sent = 0;
        std::from_chars(text.data() + found + stamp.size(), text.data() + text.size(), sent);
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        latencies_.push_back(static_cast<double>(std::chrono::nanoseconds(now).count() - sent) /
                             1e6);
    } else if (text.starts_with('0')) {
        send_text(client, options_.nsp == "/" ? "40" : "40" + options_.nsp + ",");
        client.state = State::joining;
    } else if (text.starts_with("40")) {
        client.state = client.stalls ? State::stalled : State::joined;
        if (client.stalls) ::epoll_ctl(poll_, EPOLL_CTL_DEL, client.fd, nullptr);
        ++joined_;
        stalled_ += client.stalls ? 1 : 0;
        begin_one();
    } else if (text == "2") {
        send_text(client, "3");
    }
}

void Crowd::send_text(const Client& client, std::string_view text) {
    const std::string frame = masked(text);
    if (::send(client.fd, frame.data(), frame.size(), MSG_NOSIGNAL) < 0) give_up("send");
}

void Crowd::say(std::string_view text) {
    const auto reader = std::find_if(clients_.begin(), clients_.end(), [](const Client& client) {
        return client.state == State::joined;
    });
    if (reader == clients_.end()) give_up("nobody reads");
    send_text(*reader, text);
}

}  // namespace socketio_load
