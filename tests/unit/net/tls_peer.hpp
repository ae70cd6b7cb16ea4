// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>

/// The client's end of a TLS connection, on a socket that does not block; checks no certificate.
class TlsPeer {
public:
    explicit TlsPeer(int fd, int version_max = 0) : fd_(fd) {
        ::fcntl(fd, F_SETFL, O_NONBLOCK);
        SSL_CTX_set_security_level(context_.get(), 0);  // or it would offer no old version
        SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context_.get(), version_max);
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), fd);
        SSL_set_connect_state(ssl_.get());
    }
    ~TlsPeer() { close(); }
    TlsPeer(const TlsPeer&) = delete;
    TlsPeer& operator=(const TlsPeer&) = delete;

    SSL* ssl() { return ssl_.get(); }

    /// A step of the handshake; SSL_ERROR_NONE when it is done, or what it waits for.
    int shake() { return error_of(SSL_do_handshake(ssl_.get())); }

    void send(std::string_view bytes) {
        SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    }

    /// The next record; empty when there is none, and last_error() tells why.
    std::string receive() {
        std::array<char, 16 * 1024> room;
        ERR_clear_error();
        // OpenSSL answers a connection that is cut off. That the stream does without is a test.
        const auto before = std::signal(SIGPIPE, SIG_IGN);
        const int size = SSL_read(ssl_.get(), room.data(), static_cast<int>(room.size()));
        last_error_ = error_of(size);
        std::signal(SIGPIPE, before);
        return size > 0 ? std::string(room.data(), static_cast<std::size_t>(size)) : std::string();
    }
    int last_error() const { return last_error_; }

    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

private:
    int error_of(int result) { return SSL_get_error(ssl_.get(), result); }

    int fd_;
    int last_error_ = SSL_ERROR_NONE;
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_{SSL_CTX_new(TLS_client_method()),
                                                          SSL_CTX_free};
    std::unique_ptr<SSL, void (*)(SSL*)> ssl_{nullptr, SSL_free};
};
