// SPDX-License-Identifier: Apache-2.0
#include "floor.hpp"

#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace socketio_floor {
namespace {

std::vector<int> members;

std::string frame(std::string_view text) {
    std::string bytes = "\x81";
    if (text.size() < 126) {
        bytes += static_cast<char>(text.size());
    } else {
        bytes += '\x7E';
        bytes += static_cast<char>(text.size() >> 8);
        bytes += static_cast<char>(text.size() & 0xFF);
    }
    return bytes.append(text);
}

void send_whole(int client, std::string_view bytes) {
    if (::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) !=
        static_cast<ssize_t>(bytes.size()))
        give_up("send");
}

void broadcast(const char* args) {
    unsigned count = 0;
    unsigned size = 0;
    if (std::sscanf(args, "%u,%u", &count, &size) != 2 || size < 12) return;
    const std::string one =
        frame(R"(42["result",{"data":")" + std::string(size - 11, 'x') + R"("}])");
    std::string bytes;
    for (; count > 0; --count)
        bytes += one;
    for (const int member : members)
        send_whole(member, bytes);
}

}  // namespace

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(1);
}

void answer(int client, std::string_view bytes) {
    if (bytes.starts_with("GET ")) {
        send_whole(client,
                   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                   "Connection: Upgrade\r\n\r\n" +
                       frame(R"(0{"sid":"x"})"));
        return;
    }
    std::string text(bytes.substr(6));
    for (std::size_t i = 0; i < text.size(); ++i)
        text[i] = static_cast<char>(text[i] ^ bytes[2 + i % 4]);
    if (text == "40") {
        members.push_back(client);
        send_whole(client, frame(R"(40{"sid":"y"})"));
    } else if (text.starts_with(R"(42["more",)")) {
        broadcast(text.c_str() + 10);
    }
}

void forget(int client) { std::erase(members, client); }

}  // namespace socketio_floor
