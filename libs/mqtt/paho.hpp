// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inside libs/mqtt only: paho-mqtt-c's ways, for Publisher.

#include <MQTTAsync.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "mqtt/connection.hpp"

namespace weir::mqtt::paho {

/// paho ends its threads with its last client and that takes a second. While any publisher lives
/// this idle client keeps them, so that a reconnect (which needs a fresh client) does not wait.
class ThreadKeeper {
public:
    ThreadKeeper();
    ~ThreadKeeper();
    ThreadKeeper(const ThreadKeeper&) = delete;
    ThreadKeeper& operator=(const ThreadKeeper&) = delete;
};

/// The address with the names of schemes that paho 1.3 knows.
std::string uri(const BrokerUri& broker);

/// What MQTTAsync_connect() is told about TLS; it takes copies.
class Tls {
public:
    using ErrorHandler = int (*)(const char* line, std::size_t size, void* context);

    /// `connection` must outlive it.
    Tls(const Connection& connection, ErrorHandler on_error, void* context);
    Tls(const Tls&) = delete;
    Tls& operator=(const Tls&) = delete;

    /// nullptr where TLS is not spoken.
    MQTTAsync_SSLOptions* options() { return spoken_ ? &options_ : nullptr; }

private:
    bool spoken_;
    std::string alpn_;
    MQTTAsync_SSLOptions options_ = MQTTAsync_SSLOptions_initializer;
};

/// The reason in a line of ERR_print_errors_cb(3): thread:error:code:library:function:reason:…
std::string tls_reason(std::string_view line);

/// `message` may be nullptr.
std::string failure_text(int code, const char* message);

}  // namespace weir::mqtt::paho
