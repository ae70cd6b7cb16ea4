// SPDX-License-Identifier: Apache-2.0
#include "socketio/websocket_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <type_traits>
#include <utility>

namespace weir::socketio {
namespace {

namespace asio = net::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using net::ErrorCode;

using Resolver = asio::ip::basic_resolver<net::tcp, net::Executor>;
using Tls = asio::ssl::stream<net::TcpSocket>;

// What a server broadcasts comes to us, too, and is only thrown away.
constexpr std::size_t message_bytes_max = 16 << 20;

template <typename Below>
class Client final : public WebSocketClient, public std::enable_shared_from_this<Client<Below>> {
public:
    template <typename... Arguments>
    Client(asio::io_context& context, ServerUrl url, Listener& listener, Arguments&&... arguments)
        : url_(std::move(url)),
          listener_(&listener),
          resolver_(context.get_executor()),
          stream_(context.get_executor(), std::forward<Arguments>(arguments)...) {}

    void open(const std::string& query) override {
        target_ = url_.path + query;
        resolver_.async_resolve(
            url_.endpoint.host, std::to_string(url_.endpoint.port),
            [self = this->shared_from_this()](const ErrorCode& error,
                                              const Resolver::results_type& addresses) {
                self->go_on(error, "resolving its name: ", [&] { self->connect(addresses); });
            });
    }

    void send(std::string message) override {
        outgoing_ = std::move(message);
        stream_.async_write(asio::buffer(outgoing_),
                            [self = this->shared_from_this()](const ErrorCode& error, std::size_t) {
                                self->go_on(error, "", [&] { self->listener_->on_sent(); });
                            });
    }

    void ping(std::string_view payload) override {
        stream_.async_ping(websocket::ping_data(beast::string_view(payload.data(), payload.size())),
                           [self = this->shared_from_this()](const ErrorCode& error) {
                               self->go_on(error, "", [&] { self->listener_->on_sent(); });
                           });
    }

    void close() override {
        listener_ = nullptr;
        ErrorCode ignored;
        resolver_.cancel();
        socket().close(ignored);
    }

private:
    net::TcpSocket& socket() { return beast::get_lowest_layer(stream_); }

    template <typename Next>
    void go_on(const ErrorCode& error, const std::string& doing, Next next) {
        if (listener_ == nullptr) return;
        error ? fail(doing + error.message()) : next();
    }

    void fail(const std::string& reason) {
        Listener* const listener = std::exchange(listener_, nullptr);
        close();
        if (listener != nullptr) listener->on_closed(reason);
    }

    void connect(const Resolver::results_type& addresses) {
        asio::async_connect(
            socket(), addresses,
            [self = this->shared_from_this()](const ErrorCode& error, const net::tcp::endpoint&) {
                self->go_on(error, "connecting: ", [&] {
                    ErrorCode ignored;
                    self->socket().set_option(net::tcp::no_delay(true), ignored);
                    self->shake_tls();
                });
            });
    }

    void shake_tls() {
        if constexpr (std::is_same_v<Below, Tls>) {
            Tls& tls = stream_.next_layer();
            net::expect_host(*tls.native_handle(), url_.endpoint.host);
            tls.async_handshake(asio::ssl::stream_base::client, [self = this->shared_from_this()](
                                                                    const ErrorCode& error) {
                self->go_on(error, self->tls_doing(), [&] { self->shake_websocket(); });
            });
        } else {
            shake_websocket();
        }
    }

    std::string tls_doing() {
        if constexpr (std::is_same_v<Below, Tls>) {
            const auto doubt = net::doubt_about_peer(*stream_.next_layer().native_handle());
            if (!doubt.empty()) return "its certificate is not trusted: " + doubt + ": ";
        }
        return "TLS: ";
    }

    void shake_websocket() {
        stream_.text(true);
        stream_.auto_fragment(false);
        stream_.read_message_max(message_bytes_max);
        stream_.control_callback([this](websocket::frame_type kind, beast::string_view payload) {
            if (kind == websocket::frame_type::pong && listener_ != nullptr)
                listener_->on_pong({payload.data(), payload.size()});
        });
        stream_.async_handshake(response_, net::to_string(url_.endpoint), target_,
                                [self = this->shared_from_this()](const ErrorCode& error) {
                                    self->go_on(error, self->upgrade_doing(error), [&] {
                                        self->listener_->on_open();
                                        self->read();
                                    });
                                });
    }

    std::string upgrade_doing(const ErrorCode& error) const {
        if (error != websocket::error::upgrade_declined) return "WebSocket: ";
        return "WebSocket: it answered " + std::to_string(response_.result_int()) + ": ";
    }

    void read() {
        stream_.async_read(incoming_,
                           [self = this->shared_from_this()](const ErrorCode& error, std::size_t) {
                               self->go_on(error, "", [&] {
                                   const auto bytes = self->incoming_.data();
                                   if (self->stream_.got_text())
                                       self->listener_->on_text(
                                           {static_cast<const char*>(bytes.data()), bytes.size()});
                                   self->incoming_.clear();
                                   if (self->listener_ != nullptr) self->read();
                               });
                           });
    }

    const ServerUrl url_;
    Listener* listener_;
    Resolver resolver_;
    websocket::stream<Below> stream_;
    websocket::response_type response_;
    std::string target_;
    std::string outgoing_;
    beast::flat_buffer incoming_;
};

}  // namespace

Result<std::shared_ptr<WebSocketClient>> WebSocketClient::make(asio::io_context& context,
                                                               const ServerUrl& url,
                                                               const net::TlsClientOptions& tls,
                                                               Listener& listener) {
    std::shared_ptr<WebSocketClient> client;
    if (!url.tls) {
        client = std::make_shared<Client<net::TcpSocket>>(context, url, listener);
        return client;
    }
    const auto trust = net::tls_client_context(tls);
    if (!trust) return trust.error();
    client = std::make_shared<Client<Tls>>(context, url, listener, **trust);
    return client;
}

}  // namespace weir::socketio
