// SPDX-License-Identifier: Apache-2.0
#include "mqtt/paho.hpp"

#include <fmt/format.h>

#include <mutex>

namespace weir::mqtt::paho {
namespace {

std::mutex keeper_mutex;
int keepers = 0;
MQTTAsync keeper = nullptr;

const char* name_or_null(const std::string& file) { return file.empty() ? nullptr : file.c_str(); }

}  // namespace

ThreadKeeper::ThreadKeeper() {
    const std::lock_guard lock(keeper_mutex);
    if (keepers++ == 0)
        MQTTAsync_create(&keeper, "tcp://localhost", "keeper", MQTTCLIENT_PERSISTENCE_NONE,
                         nullptr);
}

ThreadKeeper::~ThreadKeeper() {
    const std::lock_guard lock(keeper_mutex);
    if (--keepers == 0) MQTTAsync_destroy(&keeper);
}

std::string uri(const BrokerUri& broker) {
    const char* const scheme =
        broker.websocket ? (broker.tls ? "wss" : "ws") : (broker.tls ? "ssl" : "tcp");
    return fmt::format("{}://{}{}", scheme, net::to_string(broker.endpoint),
                       broker.websocket ? broker.path : "");
}

Tls::Tls(const Connection& connection, ErrorHandler on_error, void* context)
    : spoken_(connection.broker.tls), alpn_(net::alpn_list(connection.tls.alpn)) {
    options_.verify = 1;  // the name, too
    options_.enableServerCertAuth = 1;
    options_.trustStore = name_or_null(connection.tls.ca_file);
    options_.keyStore = name_or_null(connection.tls.cert_file);
    options_.privateKey = name_or_null(connection.tls.key_file);
    if (!alpn_.empty()) {
        options_.protos = reinterpret_cast<const unsigned char*>(alpn_.data());
        options_.protos_len = static_cast<unsigned>(alpn_.size());
    }
    options_.ssl_error_cb = on_error;
    options_.ssl_error_context = context;
}

std::string tls_reason(std::string_view line) {
    for (int field = 0; field < 5 && line.find(':') != line.npos; ++field)
        line.remove_prefix(line.find(':') + 1);
    return std::string(line.substr(0, line.find(':')));
}

std::string failure_text(int code, const char* message) {
    if (message != nullptr) return message;
    const char* const text = MQTTAsync_strerror(code);
    return text != nullptr ? text : fmt::format("error {}", code);
}

}  // namespace weir::mqtt::paho
