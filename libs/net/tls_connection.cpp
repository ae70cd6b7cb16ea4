// SPDX-License-Identifier: Apache-2.0
#include "net/tls_connection.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <cstring>
#include <new>

namespace weir::net {
namespace {

namespace errc = boost::system::errc;

// The most that a record holds (RFC 8446 section 5.1).
constexpr std::size_t record_bytes_max = 16 * 1024;

/// The socket as OpenSSL reads and writes it. Its own way to write would raise SIGPIPE.
int fd_of(BIO* bio) { return *static_cast<const int*>(BIO_get_data(bio)); }

bool is_temporary(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

int write_socket(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const ssize_t sent = ::send(fd_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && is_temporary(errno)) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

int read_socket(BIO* bio, char* data, int size) {
    BIO_clear_retry_flags(bio);
    const ssize_t got = ::recv(fd_of(bio), data, static_cast<std::size_t>(size), 0);
    if (got < 0 && is_temporary(errno)) BIO_set_retry_read(bio);
    if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(got);
}

long control_socket(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* socket_method() {
    static const BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
        if (made == nullptr) throw std::bad_alloc();
        BIO_meth_set_write(made, write_socket);
        BIO_meth_set_read(made, read_socket);
        BIO_meth_set_ctrl(made, control_socket);
        return made;
    }();
    return method;
}

/// Those of the thread, of which the next call leaves its own.
void forget_errors() {
    ERR_clear_error();
    errno = 0;
}

std::string_view text_of(const iovec& part) {
    return {static_cast<const char*>(part.iov_base), part.iov_len};
}

/// What goes into one record: small parts together, a large one where it lies.
std::string_view gather(std::span<const iovec> parts, std::array<char, record_bytes_max>& room) {
    while (parts.size() > 1 && parts.front().iov_len == 0)
        parts = parts.subspan(1);
    const std::string_view first = text_of(parts.front());
    if (parts.size() == 1 || first.size() >= room.size()) return first.substr(0, room.size());
    std::size_t used = 0;
    for (const iovec& part : parts) {
        const std::string_view text = text_of(part).substr(0, room.size() - used);
        std::memcpy(room.data() + used, text.data(), text.size());
        used += text.size();
    }
    return {room.data(), used};
}

}  // namespace

TlsConnection::TlsConnection(const TlsServer& server, int fd)
    : fd_(fd), ssl_(SSL_new(&server.context()), SSL_free) {
    BIO* bio = ssl_ ? BIO_new(socket_method()) : nullptr;
    if (bio == nullptr) throw std::bad_alloc();
    BIO_set_data(bio, &fd_);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_accept_state(ssl_.get());
}

std::size_t TlsConnection::read_some(std::span<char> room, ErrorCode& error) {
    read_waits_for_ = TcpSocket::wait_read;
    forget_errors();
    std::size_t size = 0;
    const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &size);
    error = result == 1 ? ErrorCode() : error_of(result, read_waits_for_);
    return size;
}

/// What was begun is given again, and may be longer then: its owner sends in order.
std::size_t TlsConnection::write_some(std::span<const iovec> parts, ErrorCode& error) {
    std::array<char, record_bytes_max> room;
    const std::string_view record = gather(parts, room);
    write_waits_for_ = TcpSocket::wait_write;
    forget_errors();
    std::size_t size = 0;
    const int result = SSL_write_ex(ssl_.get(), record.data(), record.size(), &size);
    error = result == 1 ? ErrorCode() : error_of(result, write_waits_for_);
    return size;
}

ErrorCode TlsConnection::error_of(int result, Wait& waits_for) {
    const int system_error = errno;
    const int kind = SSL_get_error(ssl_.get(), result);
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
        waits_for = kind == SSL_ERROR_WANT_READ ? TcpSocket::wait_read : TcpSocket::wait_write;
        return asio::error::would_block;
    }
    if (kind == SSL_ERROR_ZERO_RETURN) return asio::error::eof;
    broken_ = true;
    const int reason = ERR_GET_REASON(ERR_peek_error());
    ERR_clear_error();
    if (kind == SSL_ERROR_SYSCALL)
        return system_error == 0 ? ErrorCode(asio::error::eof)
                                 : ErrorCode(system_error, boost::system::system_category());
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) return asio::error::eof;
    return make_error_code(reason == SSL_R_HTTP_REQUEST ? errc::wrong_protocol_type
                                                        : errc::protocol_error);
}

bool TlsConnection::is_shaking() const { return SSL_in_init(ssl_.get()) != 0; }

bool TlsConnection::has_pending() const { return SSL_pending(ssl_.get()) > 0; }

void TlsConnection::say_end() {
    const bool said = (SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0;
    if (said || broken_ || is_shaking()) return;
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
}

}  // namespace weir::net
