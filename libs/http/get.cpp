// SPDX-License-Identifier: Apache-2.0
#include "http/get.hpp"

#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <string>

#include "net/asio.hpp"

namespace weir::http {
namespace {

namespace asio = net::asio;
namespace beast = boost::beast;

constexpr std::uint64_t body_bytes_max = 64 * 1024;

/// A request and its answer, one step after the other.
class Exchange {
public:
    Exchange(asio::io_context& io, std::string_view target, const std::string& host)
        : socket_(io), request_(beast::http::verb::get, target, 11) {
        request_.set(beast::http::field::host, host);
        request_.set(beast::http::field::connection, "close");
        parser_.body_limit(body_bytes_max);
    }

    void start(const net::tcp::resolver::results_type& addresses) {
        asio::async_connect(socket_, addresses, [this](const net::ErrorCode& error, const auto&) {
            if (ended(error, "connecting")) return;
            write();
        });
    }

    /// After the io_context has run; what is not done by then has run out of time.
    Result<Response> outcome(std::chrono::milliseconds timeout) const {
        if (!failure_.empty()) return Error{failure_};
        if (!done_) return Error{fmt::format("no answer within {} ms", timeout.count())};
        const auto& message = parser_.get();
        return Response{.status = message.result_int(),
                        .content_type = std::string(message[beast::http::field::content_type]),
                        .body = message.body()};
    }

private:
    void write() {
        beast::http::async_write(socket_, request_, [this](const net::ErrorCode& error, auto) {
            if (ended(error, "asking")) return;
            read();
        });
    }

    void read() {
        beast::http::async_read(socket_, buffer_, parser_,
                                [this](const net::ErrorCode& error, auto) {
                                    if (!ended(error, "reading the answer")) done_ = true;
                                });
    }

    bool ended(const net::ErrorCode& error, std::string_view step) {
        if (error) failure_ = fmt::format("{}: {}", step, error.message());
        return static_cast<bool>(error);
    }

    net::TcpSocket socket_;
    beast::http::request<beast::http::empty_body> request_;
    beast::http::response_parser<beast::http::string_body> parser_;
    beast::flat_buffer buffer_;
    std::string failure_;
    bool done_ = false;
};

}  // namespace

Result<Response> get(const net::Endpoint& from, std::string_view target,
                     std::chrono::milliseconds timeout) {
    asio::io_context io;
    net::ErrorCode error;
    const auto addresses =
        net::tcp::resolver(io).resolve(from.host, std::to_string(from.port), error);
    if (error) return Error{fmt::format("looking up {}: {}", from.host, error.message())};
    Exchange exchange(io, target, net::to_string(from));
    exchange.start(addresses);
    io.run_for(timeout);
    auto response = exchange.outcome(timeout);
    if (!response)
        return Error{fmt::format("asking http://{}{}: {}", net::to_string(from), target,
                                 response.error().message)};
    return response;
}

}  // namespace weir::http
