// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

/// A port of loopback where connections are made and nothing is ever said.
class SilentListener {
public:
    SilentListener() : fd_(bound()) { ::listen(fd_, 8); }
    ~SilentListener() { ::close(fd_); }
    SilentListener(const SilentListener&) = delete;
    SilentListener& operator=(const SilentListener&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_of(fd_); }

    /// A port that was free a moment ago.
    [[nodiscard]] static std::uint16_t released_port() {
        const int fd = bound();
        const std::uint16_t port = port_of(fd);
        ::close(fd);
        return port;
    }

private:
    static int bound() {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        return fd;
    }
    static std::uint16_t port_of(int fd) {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
        return ntohs(address.sin_port);
    }

    int fd_;
};
