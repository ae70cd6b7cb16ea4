// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "input.hpp"

/// Inputs to begin with: good ones, which mutations then spoil.
namespace weir::fuzz {

inline std::string raw(std::string_view bytes) { return std::string(bytes); }

/// A literal with zeros in it.
template <std::size_t size>
std::string bytes_of(const char (&text)[size]) {
    return std::string(text, size - 1);
}

/// Behind a CONNACK and a SUBACK of each version, a little of everything a broker may send.
inline std::vector<std::string> session_seeds() {
    const std::string connack5 = bytes_of("\x20\x03\0\0\0");
    const std::string resumed5 = bytes_of("\x20\x03\x01\0\0");
    const std::string limited5 = bytes_of("\x20\x0D\0\0\x0A\x11\0\0\0\x3C\x21\0\x0A\x28\x01");
    const std::string suback5 = bytes_of("\x90\x04\0\x01\0\x02");
    const std::string publish5 = bytes_of("\x32\x08\0\x03t/a\0\x01\0");
    const std::string again5 = bytes_of("\x3A\x08\0\x03t/a\0\x01\0");
    const std::string exactly5 = bytes_of("\x34\x09\0\x03t/a\0\x07\0x");
    const std::string release5 = bytes_of("\x62\x02\0\x07");
    const std::string user5 = bytes_of("\x32\x11\0\x03t/a\0\x02\x09&\0\x01n\0\x03x/y");
    const std::string goodbye5 = bytes_of("\xE0\x02\x8E\0");
    const std::string unsuback5 = bytes_of("\xB0\x04\0\x02\0\0");
    const std::string connack3 = bytes_of("\x20\x02\0\0");
    const std::string suback3 = bytes_of("\x90\x03\0\x01\x02");
    const std::string publish3 = bytes_of("\x32\x08\0\x03t/a\0\x01x");
    const std::string large = bytes_of("\x30\xFF\x01\0\x03t/a") + std::string(250, 'x');
    const std::string pong = bytes_of("\xD0\0");
    const auto step = [](char what, const std::string& bytes) { return what + short_text(bytes); };
    const char nothing = 0;
    const char first = 1;
    const char last = 2;
    const char cut = 4;
    const char later = 8;
    return {
        nothing + step(nothing, connack5 + suback5 + publish5 + exactly5) + step(last, pong) +
            step(first, release5),
        nothing + step(nothing, connack5 + suback5 + publish5 + exactly5 + user5) +
            step(cut, resumed5 + suback5 + again5) + step(first, {}) + step(first, {}),
        nothing + step(nothing, limited5 + suback5 + publish5) + step(later, {}) +
            step(later, goodbye5) + step(nothing, connack5),
        '\x08' + step(nothing, resumed5 + unsuback5 + suback5 + publish5 + publish5 + publish5),
        '\x01' + step(nothing, connack3 + suback3 + publish3) + step(first, publish3) +
            step(cut, bytes_of("\x20\x02\x01\0") + publish3),
        '\x03' + step(nothing, connack3) + step(nothing, large.substr(0, 200)) +
            step(nothing, large.substr(200) + suback3),
        nothing + step(nothing, bytes_of("\x20\x0D\0\x87\x0A\x1F\0\x07go away")),
    };
}

inline std::vector<std::string> mapping_seeds() {
    const auto message = [](char options, std::string_view key, std::string_view header,
                            std::string_view topic, const std::string& properties,
                            std::string_view payload) {
        return options + short_text(key) + short_text(header) + short_text(topic) +
               short_text(properties) + raw(payload);
    };
    const std::string user = bytes_of("&\0\x04site\0\x05north");
    const std::string several = bytes_of(
        "\x03\0\x0A"
        "text/plain"
        "\x09\0\x02"
        "42"
        "\x02\0\0\x02\x58\x08\0\x01r");
    return {
        message(0, {}, {}, "t/device2", {}, "863.850"),
        message(0, {}, {}, "t/device2", several, R"({"data":1.5,"unit":"ppm"})"),
        message(0, {}, "site={user:site}", "t/device2", user,
                R"({"timestamp":"2024-10-07 13:02:45","device_name":"x","data":1})"),
        message(8 | 4, "{2}-{/id}", "u={/u}{content-type}", "t/device2", several,
                R"({"id":7,"u":"\u00b5","at":"2024-10-07T13:02:45.123Z","n":[1,{"a":null}]})"),
        message(1, {}, {}, "t/device2", {}, "\xFF\xFE"),
        message(0, {}, {}, "t/device2", {}, "online"),
        message(32, {}, {}, "t/device2", {}, R"({"state":"offline","n":1e-7})"),
        message(16, "{1}{2}{3}", "a={1}", "t/d/e", {}, " -.5e3\r\n"),
    };
}

}  // namespace weir::fuzz
