// SPDX-License-Identifier: Apache-2.0
// Goal: a stream carries bytes whole and in order, plain and over TLS, holds nothing back that no
// readiness announces, and names what goes wrong. Method: both ends of a socket pair in one thread,
// step by step; the other end is OpenSSL's client.
#include "net/stream.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "catch.hpp"
#include "certificate.hpp"
#include "tls_peer.hpp"

using namespace weir;
using net::ErrorCode;
namespace asio = net::asio;
namespace errc = boost::system::errc;

namespace {

const net::TlsServer& tls() {
    static const SelfSigned files;
    static const auto server = net::TlsServer::load(files.cert, files.key);
    return **server;
}

class Pair {
public:
    Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()) == 0); }
    net::Stream plain() { return net::Stream(socket()); }
    net::Stream over_tls() { return {socket(), tls()}; }
    int own() const { return ends_[0]; }
    int other() const { return ends_[1]; }

    asio::io_context context;

private:
    net::TcpSocket socket() { return {context, net::tcp::v4(), ends_[0]}; }

    std::array<int, 2> ends_{};
};

ErrorCode error_of_read(net::Stream& stream) {
    std::array<char, 64 * 1024> room;
    ErrorCode error;
    stream.read_some(room, error);
    return error;
}

std::string read(net::Stream& stream, std::size_t size_max = 64 * 1024) {
    std::string bytes(size_max, '\0');
    ErrorCode error;
    bytes.resize(stream.read_some(bytes, error));
    REQUIRE_FALSE(error);
    return bytes;
}

std::size_t write(net::Stream& stream, const std::vector<std::string_view>& texts,
                  ErrorCode& error) {
    std::vector<iovec> parts;
    parts.reserve(texts.size());
    for (const std::string_view text : texts)
        parts.push_back({const_cast<char*>(text.data()), text.size()});
    return stream.write_some(parts, error);
}

/// Writes until nothing more is taken; returns how much was.
std::size_t fill(net::Stream& stream, std::string_view text) {
    ErrorCode error;
    std::size_t sent = 0;
    while (!error && sent < text.size())
        sent += write(stream, {text.substr(sent)}, error);
    REQUIRE(error == asio::error::would_block);
    return sent;
}

void shake(net::Stream& stream, TlsPeer& peer) {
    for (int step = 0; step < 10 && (peer.shake() != SSL_ERROR_NONE || stream.is_shaking()); ++step)
        REQUIRE(error_of_read(stream) == asio::error::would_block);
    REQUIRE_FALSE(stream.is_shaking());
}

/// What is different from byte to byte, so that an order is seen.
std::string counted(std::size_t size) {
    std::string text;
    for (std::size_t n = 0; text.size() < size; ++n)
        text += std::to_string(n) + ' ';
    text.resize(size);
    return text;
}

}  // namespace

TEST_CASE("a plain stream hands over all parts in one call", "[net]") {
    Pair pair;
    net::Stream stream = pair.plain();
    CHECK_FALSE(stream.is_shaking());
    ErrorCode error;
    CHECK(write(stream, {"one ", "", "two"}, error) == 7);
    std::array<char, 16> room{};
    CHECK(::recv(pair.other(), room.data(), room.size(), 0) == 7);
    CHECK(std::string_view(room.data()) == "one two");
    CHECK(error_of_read(stream) == asio::error::would_block);
    CHECK(::send(pair.other(), "back", 4, 0) == 4);
    CHECK(read(stream) == "back");
    ::close(pair.other());
    CHECK(error_of_read(stream) == asio::error::eof);
    CHECK(write(stream, {"lost"}, error) == 0);
    CHECK(error == asio::error::broken_pipe);
}

TEST_CASE("TLS carries bytes both ways, small parts in one record", "[net]") {
    Pair pair;
    net::Stream stream = pair.over_tls();
    const int version = GENERATE(TLS1_2_VERSION, TLS1_3_VERSION);
    TlsPeer peer(pair.other(), version);
    CHECK(stream.is_shaking());
    shake(stream, peer);
    CHECK(SSL_version(peer.ssl()) == version);
    ErrorCode error;
    CHECK(write(stream, {"", "one ", "", "two"}, error) == 7);
    CHECK(peer.receive() == "one two");
    const std::string large = counted(20'000);
    CHECK(write(stream, {"head ", large}, error) == 16 * 1024);
    CHECK(peer.receive() == "head " + large.substr(0, 16 * 1024 - 5));
    CHECK(write(stream, {large, "tail"}, error) == 16 * 1024);
    CHECK(peer.receive() == large.substr(0, 16 * 1024));
    peer.send("back");
    CHECK(read(stream) == "back");
    CHECK(error_of_read(stream) == asio::error::would_block);
}

TEST_CASE("what the kernel does not take at once is sent when it does", "[net]") {
    Pair pair;
    net::Stream stream = pair.over_tls();
    TlsPeer peer(pair.other());
    shake(stream, peer);
    const std::string text = counted(4'000'000);
    // More may wait at the next try than at the first one: the rest is then in a longer text.
    std::size_t sent = fill(stream, std::string_view(text).substr(0, 3'000'000));
    std::string got;
    while (got.size() < text.size()) {
        bool writable = false;
        stream.await_writable([&](const ErrorCode& error) { writable = !error; });
        pair.context.poll();
        CHECK_FALSE(writable);
        for (std::string record = peer.receive(); !record.empty(); record = peer.receive())
            got += record;
        pair.context.restart();
        pair.context.poll();
        REQUIRE(writable);
        pair.context.restart();
        ErrorCode error;
        while (!error && sent < text.size())
            sent += write(stream, {std::string_view(text).substr(sent)}, error);
        if (sent == text.size())
            for (std::string record = peer.receive(); !record.empty(); record = peer.receive())
                got += record;
    }
    CHECK(got == text);
}

TEST_CASE("what is decrypted and not read yet is announced", "[net]") {
    Pair pair;
    net::Stream stream = pair.over_tls();
    TlsPeer peer(pair.other());
    shake(stream, peer);
    std::vector<std::string> got;
    const auto on_readable = [&](const ErrorCode& error) {
        REQUIRE_FALSE(error);
        got.push_back(read(stream, 5));
    };
    stream.await_readable(on_readable);
    pair.context.poll();
    CHECK(got.empty());
    peer.send("all at once");
    pair.context.restart();
    for (int i = 0; i < 3; ++i) {
        pair.context.poll();
        pair.context.restart();
        if (i < 2) stream.await_readable(on_readable);
    }
    CHECK(got == std::vector<std::string>{"all a", "t onc", "e"});
    stream.await_readable(on_readable);
    pair.context.poll();
    CHECK(got.size() == 3);
    stream.close();
}

TEST_CASE("a read may have to write first", "[net]") {
    Pair pair;
    net::Stream stream = pair.over_tls();
    TlsPeer peer(pair.other());
    CHECK(peer.shake() == SSL_ERROR_WANT_READ);
    std::array<char, 4096> room{};
    ssize_t in_the_way = 0;
    for (ssize_t sent = 0; sent >= 0; in_the_way += std::max<ssize_t>(sent, 0))
        sent = ::send(pair.own(), room.data(), room.size(), MSG_DONTWAIT);
    CHECK(error_of_read(stream) == asio::error::would_block);
    bool ready = false;
    stream.await_readable([&](const ErrorCode& error) { ready = !error; });
    pair.context.poll();
    CHECK_FALSE(ready);
    // The peer says nothing more: it is the room to write that the read has waited for.
    while (in_the_way > 0)
        in_the_way -= ::recv(pair.other(), room.data(), room.size(), 0);
    pair.context.restart();
    pair.context.poll();
    REQUIRE(ready);
    CHECK(error_of_read(stream) == asio::error::would_block);
    shake(stream, peer);
    peer.send("at last");
    CHECK(read(stream) == "at last");
}

TEST_CASE("key updates without an end are read a few at a time", "[net]") {
    Pair pair;
    net::Stream stream = pair.over_tls();
    TlsPeer peer(pair.other(), TLS1_3_VERSION);
    shake(stream, peer);
    for (int i = 0; i < 20; ++i) {
        SSL_key_update(peer.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED);
        SSL_do_handshake(peer.ssl());
    }
    peer.send("at last");
    int reads = 0;
    while (error_of_read(stream) == asio::error::would_block && reads < 100)
        ++reads;
    CHECK(reads >= 20);
    CHECK(reads < 100);
}

TEST_CASE("a client of TLS 1.2 cannot begin the handshake again", "[net]") {
    Pair pair;
    net::Stream stream = pair.over_tls();
    TlsPeer peer(pair.other(), TLS1_2_VERSION);
    shake(stream, peer);
    SSL_renegotiate(peer.ssl());
    CHECK(peer.shake() == SSL_ERROR_WANT_READ);
    CHECK(error_of_read(stream) == asio::error::would_block);
    CHECK(peer.shake() == SSL_ERROR_SSL);
}

TEST_CASE("who begins with HTTP can be told so without TLS", "[net]") {
    Pair pair;
    net::Stream stream = pair.over_tls();
    CHECK(::send(pair.other(), "GET / HTTP/1.1\r\n\r\n", 18, 0) == 18);
    CHECK(error_of_read(stream) == errc::wrong_protocol_type);
    stream.drop_tls();
    CHECK_FALSE(stream.is_shaking());
    ErrorCode error;
    CHECK(write(stream, {"plain"}, error) == 5);
    std::array<char, 16> room{};
    CHECK(::recv(pair.other(), room.data(), room.size(), 0) == 5);
    CHECK(std::string_view(room.data()) == "plain");
    ::close(pair.other());
}

TEST_CASE("a handshake that cannot be done says why", "[net]") {
    Pair pair;
    net::Stream stream = pair.over_tls();
    SECTION("no TLS") {
        CHECK(::send(pair.other(), "\x00\x01 what is this?", 15, 0) == 15);
        CHECK(error_of_read(stream) == errc::protocol_error);
    }
    SECTION("TLS 1.1") {
        TlsPeer peer(pair.other(), TLS1_1_VERSION);
        CHECK(peer.shake() == SSL_ERROR_WANT_READ);
        CHECK(error_of_read(stream) == errc::protocol_error);
        CHECK(peer.shake() == SSL_ERROR_SSL);
        CHECK(ERR_GET_REASON(ERR_peek_error()) == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
    }
    SECTION("a protocol other than HTTP/1.1") {
        TlsPeer peer(pair.other());
        SSL_set_alpn_protos(peer.ssl(), reinterpret_cast<const unsigned char*>("\x02h2"), 3);
        CHECK(peer.shake() == SSL_ERROR_WANT_READ);
        CHECK(error_of_read(stream) == errc::protocol_error);
    }
    SECTION("the peer leaves") {
        TlsPeer peer(pair.other());
        peer.shake();
        CHECK(error_of_read(stream) == asio::error::would_block);
        peer.close();
        const ErrorCode error = error_of_read(stream);
        CHECK((error == asio::error::eof || error == asio::error::connection_reset));
    }
    CHECK(stream.is_shaking());
    stream.close();
}

TEST_CASE("HTTP/1.1 is agreed on where it is offered", "[net]") {
    Pair pair;
    net::Stream stream = pair.over_tls();
    TlsPeer peer(pair.other());
    SSL_set_alpn_protos(peer.ssl(), reinterpret_cast<const unsigned char*>("\x02h2\x08http/1.1"),
                        12);
    shake(stream, peer);
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(peer.ssl(), &chosen, &size);
    CHECK(std::string_view(reinterpret_cast<const char*>(chosen), size) == "http/1.1");
}

TEST_CASE("an end says so, but not in the middle of what is sent", "[net]") {
    Pair pair;
    net::Stream stream = pair.over_tls();
    TlsPeer peer(pair.other());
    shake(stream, peer);
    SECTION("of one direction") {
        ErrorCode error;
        write(stream, {"last"}, error);
        stream.shutdown_send();
        CHECK(peer.receive() == "last");
        CHECK(peer.receive().empty());
        CHECK(peer.last_error() == SSL_ERROR_ZERO_RETURN);
        peer.send("still heard");
        CHECK(read(stream) == "still heard");
        SSL_shutdown(peer.ssl());
        CHECK(error_of_read(stream) == asio::error::eof);
    }
    SECTION("of both") {
        stream.close();
        CHECK(peer.receive().empty());
        CHECK(peer.last_error() == SSL_ERROR_ZERO_RETURN);
    }
    SECTION("cut off") {
        fill(stream, counted(2'000'000));
        stream.close();
        while (!peer.receive().empty()) {
        }
        CHECK(peer.last_error() == SSL_ERROR_SSL);
    }
    SECTION("by the peer, without a word") {
        peer.receive();  // its tickets: unread they would make it a reset
        peer.close();
        CHECK(error_of_read(stream) == asio::error::eof);
        ErrorCode error;
        write(stream, {"lost"}, error);
        CHECK(error);
    }
}
