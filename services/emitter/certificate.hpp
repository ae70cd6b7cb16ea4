// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "config/command.hpp"
#include "http/server.hpp"
#include "net/tls_server.hpp"
#include "runtime/service.hpp"

namespace weir::emitter {

/// Where the listener's certificate and key are; both empty: no TLS.
struct CertificateFiles {
    std::string cert;
    std::string key;

    /// Declares both, and the rules they keep; this object must outlive `command`.
    void declare(config::Command& command);
};

/// Gives a server its certificate, and another one when SIGHUP says that the files are new. What
/// cannot be used changes nothing, so that nobody is locked out by half a file.
///
/// Threads:  start() and the destructor are the owner's; a reload is in the signals' thread.
/// Lifetime: what it is made of outlives it.
class Certificate {
public:
    Certificate(const CertificateFiles& files, runtime::Service& service, http::Server& server);
    ~Certificate();
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;

    /// Before the server listens. Errors: the files cannot be used.
    [[nodiscard]] Result<void> start();

private:
    Result<void> load();
    void reload();

    const CertificateFiles& files_;
    runtime::Service& service_;
    http::Server& server_;
    runtime::Gauge expires_;
    runtime::Counter reloads_;
    runtime::Counter failed_reloads_;
};

}  // namespace weir::emitter
