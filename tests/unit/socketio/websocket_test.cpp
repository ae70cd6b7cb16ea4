// SPDX-License-Identifier: Apache-2.0
// Goal: WebSocket frames are cut, joined and refused as RFC 6455 says, in whatever pieces they
// arrive. Frames are built here by the RFC's picture, masked as a client's.
#include <array>
#include <vector>

#include "catch.hpp"
#include "socketio/websocket_frame.hpp"
#include "socketio/websocket_handshake.hpp"

using namespace weir::socketio::websocket;
using Kind = Event::Kind;

namespace {

constexpr std::uint8_t fin = 0x80;

std::string client_frame(int first, std::string_view payload) {
    std::string frame(1, static_cast<char>(first));
    const auto size = payload.size();
    if (size < 126) {
        frame += static_cast<char>(0x80 | size);
    } else if (size < 0x10000) {
        frame += static_cast<char>(0x80 | 126);
        frame += static_cast<char>(size >> 8);
        frame += static_cast<char>(size & 0xFF);
    } else {
        frame += static_cast<char>(0x80 | 127);
        for (int shift = 56; shift >= 0; shift -= 8)
            frame += static_cast<char>(size >> shift);
    }
    const std::array<char, 4> mask{'\x37', '\xfa', '\x21', '\x3d'};
    frame.append(mask.data(), mask.size());
    for (std::size_t i = 0; i < size; ++i)
        frame += static_cast<char>(payload[i] ^ mask[i % 4]);
    return frame;
}

struct Seen {
    Kind kind;
    std::string payload;
    CloseCode code;
};

/// Feeds `bytes` in pieces of `piece` and lists what comes out.
std::vector<Seen> read_all(std::string_view bytes, std::size_t piece, std::size_t max = 1'000'000) {
    FrameReader reader(max);
    std::vector<Seen> seen;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        reader.append(bytes.substr(at, piece));
        for (Event event = reader.next(); event.kind != Kind::need_more; event = reader.next()) {
            seen.push_back({event.kind, std::string(event.payload), event.code});
            if (event.kind == Kind::error) return seen;
        }
    }
    return seen;
}

}  // namespace

TEST_CASE("messages come out the same in whatever pieces they come in", "[socketio]") {
    const std::string large(70'000, 'x');
    const std::string medium(300, '\xA9');
    const std::string stream =
        client_frame(fin | 1, "hello") + client_frame(fin | 2, medium) + client_frame(fin | 1, "") +
        client_frame(1, "fr") + client_frame(fin | 9, "are you there") + client_frame(0, "ag") +
        client_frame(fin | 10, "") + client_frame(fin | 0, "ment") + client_frame(fin | 2, large) +
        client_frame(fin | 8,
                     "\x03\xE8"
                     "bye");
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{3}, std::size_t{1000}, stream.size()}) {
        CAPTURE(piece);
        const auto seen = read_all(stream, piece);
        REQUIRE(seen.size() == 8);
        CHECK((seen[0].kind == Kind::text && seen[0].payload == "hello"));
        CHECK((seen[1].kind == Kind::binary && seen[1].payload == medium));
        CHECK((seen[2].kind == Kind::text && seen[2].payload.empty()));
        CHECK((seen[3].kind == Kind::ping && seen[3].payload == "are you there"));
        CHECK((seen[4].kind == Kind::pong && seen[4].payload.empty()));
        CHECK((seen[5].kind == Kind::text && seen[5].payload == "fragment"));
        CHECK((seen[6].kind == Kind::binary && seen[6].payload == large));
        CHECK((seen[7].kind == Kind::close && seen[7].payload == "\x03\xE8"
                                                                 "bye"));
    }
}

TEST_CASE("frames that break the rules are errors with their close code", "[socketio]") {
    std::string unmasked;
    append_frame_header(unmasked, Opcode::text, 2);
    unmasked += "hi";
    const std::string long_ping = client_frame(fin | 9, std::string(126, 'x'));
    struct Case {
        const char* what;
        std::string bytes;
        CloseCode code;
    };
    const Case cases[] = {
        {"unmasked", unmasked, CloseCode::protocol_error},
        {"reserved bit", client_frame(fin | 0x40 | 1, "x"), CloseCode::protocol_error},
        {"unknown data opcode", client_frame(fin | 3, "x"), CloseCode::protocol_error},
        {"unknown control opcode", client_frame(fin | 11, "x"), CloseCode::protocol_error},
        {"fragmented ping", client_frame(9, "x"), CloseCode::protocol_error},
        {"long ping", long_ping, CloseCode::protocol_error},
        {"continuation of nothing", client_frame(fin | 0, "x"), CloseCode::protocol_error},
        {"new message inside one", client_frame(1, "a") + client_frame(fin | 1, "b"),
         CloseCode::protocol_error},
        {"close with half a code", client_frame(fin | 8, "\x03"), CloseCode::protocol_error},
        {"close with a code never sent", client_frame(fin | 8, "\x03\xED"),
         CloseCode::protocol_error},
        {"close with a bad reason", client_frame(fin | 8, "\x03\xE8\xFF"),
         CloseCode::protocol_error},
        {"text that is not UTF-8", client_frame(fin | 1, "\xC3"), CloseCode::bad_text},
        {"fragments that are not UTF-8", client_frame(1, "\xC3") + client_frame(fin | 0, "x"),
         CloseCode::bad_text},
        {"too large", client_frame(fin | 1, std::string(101, 'x')).substr(0, 4),
         CloseCode::too_large},
        {"too large by a medium header", client_frame(fin | 2, std::string(200, 'x')).substr(0, 8),
         CloseCode::too_large},
        {"too large by a long header",
         client_frame(fin | 2, std::string(70'000, 'x')).substr(0, 14), CloseCode::too_large},
        {"too large in fragments",
         client_frame(1, std::string(60, 'x')) + client_frame(0, std::string(41, 'x')),
         CloseCode::too_large},
    };
    for (const auto& [what, bytes, code] : cases) {
        CAPTURE(what);
        for (const std::size_t piece : {std::size_t{1}, bytes.size()}) {
            const auto seen = read_all(bytes, piece, 100);
            REQUIRE(seen.size() == 1);
            CHECK(seen[0].kind == Kind::error);
            CHECK(seen[0].code == code);
        }
    }
    CHECK(read_all(client_frame(fin | 1, std::string(100, 'x')), 7, 100).size() == 1);
    CHECK(read_all(client_frame(1, "\xC3") + client_frame(fin | 0, "\xA9"), 1, 100)[0].payload ==
          "\xC3\xA9");
}

TEST_CASE("headers take 2, 4 or 10 bytes", "[socketio]") {
    const std::pair<std::size_t, std::string> cases[] = {
        {0, std::string("\x81\x00", 2)},
        {125, "\x81\x7D"},
        {126, std::string("\x81\x7E\x00\x7E", 4)},
        {65'535, "\x81\x7E\xFF\xFF"},
        {65'536, std::string("\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00", 10)},
    };
    for (const auto& [size, expected] : cases) {
        std::string header;
        append_frame_header(header, Opcode::text, size);
        CHECK(header == expected);
    }
    CHECK(close_frame({}) == std::string("\x88\x00", 2));
    CHECK(close_frame(CloseCode::too_large) == "\x88\x02\x03\xF1");
}

TEST_CASE("the handshake proves that the key was read", "[socketio]") {
    // RFC 6455 section 1.3
    CHECK(accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    weir::http::Request request;
    request.method = "GET";
    request.headers = {{"Upgrade", "websocket"},
                       {"Connection", "Upgrade"},
                       {"Sec-WebSocket-Version", "13"},
                       {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
    CHECK(is_handshake(request));
    CHECK(handshake_answer(request).ends_with(
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"));
    request.headers.back().value = "short";
    CHECK_FALSE(is_handshake(request));
    request.headers.pop_back();
    CHECK_FALSE(is_handshake(request));
    request.headers.push_back({"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="});
    request.headers[2].value = "8";
    CHECK_FALSE(is_handshake(request));
}
