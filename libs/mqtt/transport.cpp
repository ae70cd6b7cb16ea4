// SPDX-License-Identifier: Apache-2.0
#include "mqtt/transport.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <type_traits>
#include <utility>

#include "base/text.hpp"

namespace weir::mqtt {
namespace {

namespace asio = net::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using net::ErrorCode;

using Tls = asio::ssl::stream<net::TcpSocket>;
template <typename Below>
using WebSocket = websocket::stream<Below>;

constexpr const char* subprotocol = "mqtt";

template <typename Stream>
constexpr bool is_websocket = false;
template <typename Below>
constexpr bool is_websocket<WebSocket<Below>> = true;
template <typename Stream>
constexpr bool is_tls = std::is_same_v<Stream, Tls> || std::is_same_v<Stream, WebSocket<Tls>>;

/// Brokers end connections in many ways; for MQTT they are one.
ErrorCode plain(const ErrorCode& error) {
    const bool end = error == websocket::error::closed ||
                     error == asio::ssl::error::stream_truncated ||
                     error == asio::error::connection_reset;
    return end ? ErrorCode(asio::error::eof) : error;
}

template <typename Stream>
class StreamTransport final : public Transport,
                              public std::enable_shared_from_this<StreamTransport<Stream>> {
public:
    template <typename... Arguments>
    explicit StreamTransport(const BrokerUri& broker, Arguments&&... arguments)
        : broker_(broker), stream_(std::forward<Arguments>(arguments)...) {}

    void connect(const Resolver::results_type& addresses, Connected connected) override {
        connected_ = std::move(connected);
        asio::async_connect(socket(), addresses,
                            [self = this->shared_from_this()](const ErrorCode& error,
                                                              const net::tcp::endpoint&) {
                                if (error) return self->over(error, error.message());
                                ErrorCode ignored;
                                self->socket().set_option(net::tcp::no_delay(true), ignored);
                                self->shake_tls();
                            });
    }

    void read_some(std::span<char> room, Done done) override {
        stream_.async_read_some(
            asio::buffer(room.data(), room.size()),
            [self = this->shared_from_this(), done = std::move(done)](const ErrorCode& error,
                                                                      std::size_t count) {
                if constexpr (is_websocket<Stream>)
                    if (!error && self->stream_.got_text())  // MQTT-6.0.0-1
                        return done(websocket::error::bad_opcode, 0);
                done(plain(error), count);
            });
    }

    void write(std::string& bytes, Done done) override {
        outgoing_.clear();
        outgoing_.swap(bytes);
        auto finished = [self = this->shared_from_this(), done = std::move(done)](
                            const ErrorCode& error, std::size_t count) {
            done(plain(error), count);
        };
        const auto buffer = asio::buffer(outgoing_);
        if constexpr (is_websocket<Stream>)
            stream_.async_write(buffer, std::move(finished));
        else
            asio::async_write(stream_, buffer, std::move(finished));
    }

    /// TLS knows no half of a connection; there the broker ends it, as it must after DISCONNECT
    /// (MQTT 5 section 3.14.4). A WebSocket's close is answered, and read_some() sees the answer.
    void shutdown_send() override {
        if constexpr (is_websocket<Stream>) {
            stream_.async_close(websocket::close_code::normal,
                                [self = this->shared_from_this()](const ErrorCode&) {});
        } else if constexpr (std::is_same_v<Stream, net::TcpSocket>) {
            ErrorCode ignored;
            socket().shutdown(net::tcp::socket::shutdown_send, ignored);
        }
    }

    void close() override {
        ErrorCode ignored;
        socket().close(ignored);
    }

private:
    net::TcpSocket& socket() { return beast::get_lowest_layer(stream_); }

    Tls& tls() {
        if constexpr (is_websocket<Stream>)
            return stream_.next_layer();
        else
            return stream_;
    }

    void shake_tls() {
        if constexpr (!is_tls<Stream>) {
            shake_websocket();
        } else {
            net::expect_host(*tls().native_handle(), broker_.endpoint.host);
            tls().async_handshake(asio::ssl::stream_base::client,
                                  [self = this->shared_from_this()](const ErrorCode& error) {
                                      if (error) return self->over(error, self->tls_reason(error));
                                      self->shake_websocket();
                                  });
        }
    }

    std::string tls_reason(const ErrorCode& error) {
        if constexpr (is_tls<Stream>) {
            const std::string doubt = net::doubt_about_peer(*tls().native_handle());
            if (!doubt.empty()) return "the broker's certificate is not trusted: " + doubt;
        }
        return "TLS: " + error.message();
    }

    void shake_websocket() {
        if constexpr (!is_websocket<Stream>) {
            over({}, {});
        } else {
            stream_.binary(true);
            stream_.auto_fragment(false);
            stream_.read_message_max(0);  // packets have their own bound
            stream_.set_option(
                websocket::stream_base::decorator([](websocket::request_type& request) {
                    request.set(beast::http::field::sec_websocket_protocol, subprotocol);
                }));
            stream_.async_handshake(response_, net::to_string(broker_.endpoint), broker_.path,
                                    [self = this->shared_from_this()](const ErrorCode& error) {
                                        self->upgraded(error);
                                    });
        }
    }

    /// The server must have chosen what we offered (MQTT-6.0.0-4): another one speaks no MQTT.
    void upgraded(const ErrorCode& error) {
        const auto chosen = response_[beast::http::field::sec_websocket_protocol];
        if (error || beast::iequals(chosen, subprotocol))
            return over(error, websocket_reason(error));
        over(websocket::error::upgrade_declined,
             chosen.empty() ? "WebSocket: the server did not accept the subprotocol mqtt"
                            : "WebSocket: the server chose the subprotocol " +
                                  json_quoted({chosen.data(), chosen.size()}) + ", not mqtt");
    }

    std::string websocket_reason(const ErrorCode& error) {
        if (!error) return {};
        if (error == websocket::error::upgrade_declined)
            return "WebSocket: the server answered " + std::to_string(response_.result_int());
        return "WebSocket: " + error.message();
    }

    /// Connecting is.
    void over(const ErrorCode& error, const std::string& reason) {
        const Connected connected = std::exchange(connected_, {});
        connected(error, reason);
    }

    const BrokerUri broker_;
    Stream stream_;
    Connected connected_;
    std::string outgoing_;
    websocket::response_type response_;
};

}  // namespace

Result<std::shared_ptr<Transport>> Transport::make(asio::io_context& context,
                                                   const Connection& connection) {
    const BrokerUri& broker = connection.broker;
    std::shared_ptr<Transport> transport;
    if (!broker.tls) {
        if (broker.websocket)
            transport = std::make_shared<StreamTransport<WebSocket<net::TcpSocket>>>(
                broker, context.get_executor());
        else
            transport =
                std::make_shared<StreamTransport<net::TcpSocket>>(broker, context.get_executor());
        return transport;
    }
    const auto tls = net::tls_client_context(connection.tls);
    if (!tls) return tls.error();
    if (broker.websocket)
        transport = std::make_shared<StreamTransport<WebSocket<Tls>>>(
            broker, context.get_executor(), **tls);
    else
        transport = std::make_shared<StreamTransport<Tls>>(broker, context.get_executor(), **tls);
    return transport;
}

}  // namespace weir::mqtt
