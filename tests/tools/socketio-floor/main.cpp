// SPDX-License-Identifier: Apache-2.0
// socketio-floor: does for the load client what socketio-broadcaster does, with nothing but the
// system calls: one send() a client of bytes encoded once, no queues, no state. It believes
// everything it reads. Prints the port it listens on.
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>

#include "floor.hpp"

using namespace socketio_floor;

namespace {

int listen_anywhere() {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    sockaddr_in address{.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const where = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener, where, size) != 0 || ::listen(listener, 4096) != 0 ||
        ::getsockname(listener, where, &size) != 0)
        give_up("listen");
    std::printf("listening on %u\n", ntohs(address.sin_port));
    std::fflush(stdout);
    return listener;
}

}  // namespace

int main() {
    const int listener = listen_anywhere();
    const int poll = ::epoll_create1(0);
    const auto watch = [poll](int fd) {
        epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
        if (::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0) give_up("epoll_ctl");
    };
    watch(listener);
    std::array<epoll_event, 512> events;
    std::array<char, 4096> buffer;
    for (;;) {
        const int count = ::epoll_wait(poll, events.data(), events.size(), -1);
        for (int i = 0; i < count; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == listener) {
                for (int client; (client = ::accept4(listener, nullptr, nullptr, 0)) >= 0;)
                    watch(client);
                continue;
            }
            const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
            if (size > 0) {
                answer(fd, {buffer.data(), static_cast<std::size_t>(size)});
            } else {
                forget(fd);
                ::close(fd);
            }
        }
    }
}
