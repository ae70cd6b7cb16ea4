// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "input.hpp"

/// Good inputs of the parts that read a Socket.IO client's bytes, to begin with.
namespace weir::fuzz {

inline std::vector<std::string> query_seeds() {
    return {
        "/socket.io/?EIO=4&transport=polling&t=PVbtOXd&sid=Vh0oPNFjTpy3PdXQAAAA",
        "/socket.io/?EIO=%34&b64=1&transport=abc&transport=pol%6Cing",
        "http://host:8080/engine.io/?transport=websocket&EIO=4",
        "/a%2Fb/%C3%A9?x=%&y=%zz&=1&&a+b=c%2Bd+e",
    };
}

inline std::vector<std::string> payload_seeds() {
    return {
        "4hello\x1e"
        "bAQIDBA==\x1e"
        "4\x1e"
        "4\xE2\x82\xAC",
        "40{\"token\":\"123\"}",
        "1",
        "3\x1e"
        "2\x1e"
        "0\x1e"
        "5\x1e"
        "6",
        "b\x1e"
        "bAQ==\x1e"
        "b/+8=\x1e"
        "bAQI",
    };
}

inline std::vector<std::string> packet_seeds() {
    return {
        R"(0/custom,{"token":"a,b","n":[1,{"x":null}]})",
        "1/custom,",
        R"(2/n,12["a\u20ac",1.5e-3,{"b":[true,false]},"\n"])",
        R"(37["yes",-0])",
        R"(52-/n,3["b",{"_placeholder":true,"num":1},{"num":0,"_placeholder":true}])",
        R"(61-7[{"_placeholder":true,"num":0}])",
        R"(2[5 , "x" ])",
    };
}

/// A client's frame, masked with `7777`.
inline std::string masked_frame(char first, std::string_view payload) {
    std::string frame(1, first);
    const std::size_t size = payload.size();
    frame += static_cast<char>(0x80 | (size < 126 ? size : 126));
    if (size >= 126) {
        frame += static_cast<char>(size >> 8);
        frame += static_cast<char>(size & 0xFF);
    }
    frame += "7777";
    for (const char byte : payload)
        frame += static_cast<char>(byte ^ '7');
    return frame;
}

/// Behind a byte that says how they are cut: see read_frames().
inline std::vector<std::string> frame_seeds() {
    const char text = '\x81';
    const char bytes = '\x82';
    const char begun = '\x01';
    const char more = '\x00';
    const char last = '\x80';
    const char closing = '\x88';
    const char ping = '\x89';
    const char pong = '\x8A';
    return {
        '\x02' + masked_frame(text, "4hello \xE2\x82\xAC") + masked_frame(bytes, "\x01\x02"),
        '\x00' + masked_frame(begun, "42[\"a") + masked_frame(ping, "?") + masked_frame(more, "b") +
            masked_frame(last, "\"]") + masked_frame(pong, ""),
        '\x40' + masked_frame(bytes, std::string(200, 'x')) +
            masked_frame(closing,
                         "\x03\xE8"
                         "bye"),
    };
}

/// Each message behind a byte, see ClientPlay.
inline std::vector<std::string> client_seeds() {
    const auto text = [](std::string_view message) { return '\x04' + short_text(message); };
    const auto binary = [](std::string_view message) { return '\x05' + short_text(message); };
    const auto broadcast = [](std::string_view message) { return '\x02' + short_text(message); };
    const std::string two =
        R"(52-9["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])";
    return {
        text("0") + text(R"(2["a",1,{"b":"c"}])") + text(R"(21["a"])") + text("1") + text("0"),
        text("0/n,{}") + broadcast(R"(2/n,["a",1])") + text("0") + broadcast("1/n,") +
            text(R"(2["a"])"),
        text("0") + text(two) + binary("\x01\x02") + binary("") + text(R"(2["a"])"),
        text("0") + text(R"(2["ask",1])") + text(R"(30["yes"])") +
            text(R"(61-1[{"_placeholder":true,"num":0}])") + binary("\xFF") + text(R"(2["ask"])"),
        text("0") + text("0/n") + text(R"(2/n,["leave"])") + text(R"(2["leave"])") +
            text("0/other"),
    };
}

}  // namespace weir::fuzz
