// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

/// A blocking TCP client on loopback that gives up after five seconds without a byte.
class Client {
public:
    explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const timeval wait{5, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("cannot connect");
    }
    ~Client() { ::close(fd_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void send(std::string_view bytes) { ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

    void finish_sending() { ::shutdown(fd_, SHUT_WR); }

    /// Bytes up to and with `end`; what was got when the peer closed or stayed silent before.
    std::string read_until(std::string_view end) {
        std::size_t found = received_.find(end);
        while (found == std::string::npos && receive())
            found = received_.find(end);
        const std::size_t size = found == std::string::npos ? received_.size() : found + end.size();
        std::string bytes = received_.substr(0, size);
        received_.erase(0, size);
        return bytes;
    }

    /// One answer: its header and as much body as Content-Length says.
    std::string read_response() {
        std::string response = read_until("\r\n\r\n");
        const std::size_t length = response.find("Content-Length: ");
        if (length == std::string::npos) return response;
        const std::size_t size = std::stoul(response.substr(length + 16));
        while (received_.size() < size && receive()) {
        }
        response += received_.substr(0, size);
        received_.erase(0, size);
        return response;
    }

    /// True when the peer closes; what it still sends is dropped.
    bool closed_by_peer() {
        while (receive()) {
        }
        return end_;
    }

private:
    bool receive() {
        char chunk[4096];
        const ssize_t size = ::recv(fd_, chunk, sizeof chunk, 0);
        if (size <= 0) {
            end_ = size == 0 || errno == ECONNRESET;
            return false;
        }
        received_.append(chunk, static_cast<std::size_t>(size));
        return true;
    }

    int fd_;
    std::string received_;
    bool end_ = false;
};
