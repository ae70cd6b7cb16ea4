// SPDX-License-Identifier: Apache-2.0
#include "net/stream.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/buffer.hpp>
#include <cerrno>

namespace weir::net {

Stream::Stream(TcpSocket socket) : socket_(std::move(socket)) {
    ErrorCode ignored;
    socket_.non_blocking(true, ignored);
    socket_.set_option(tcp::no_delay(true), ignored);
}

Stream::Stream(TcpSocket socket, const TlsServer& server) : Stream(std::move(socket)) {
    tls_ = std::make_unique<TlsConnection>(server, socket_.native_handle());
}

std::size_t Stream::read_some(std::span<char> room, ErrorCode& error) {
    if (tls_) return tls_->read_some(room, error);
    return socket_.read_some(asio::buffer(room.data(), room.size()), error);
}

std::size_t Stream::write_some(std::span<const iovec> parts, ErrorCode& error) {
    if (tls_) return tls_->write_some(parts, error);
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts.data());  // sendmsg(2) only reads
    message.msg_iovlen = parts.size();
    ssize_t sent = -1;
    do
        sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    error = sent < 0 ? ErrorCode(errno, boost::system::system_category()) : ErrorCode();
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

void Stream::cancel() {
    ErrorCode ignored;
    socket_.cancel(ignored);
}

void Stream::shutdown_send() {
    if (tls_) tls_->say_end();
    ErrorCode ignored;
    socket_.shutdown(TcpSocket::shutdown_send, ignored);
}

void Stream::close() {
    if (tls_) tls_->say_end();
    tls_.reset();
    ErrorCode ignored;
    socket_.close(ignored);
}

}  // namespace weir::net
