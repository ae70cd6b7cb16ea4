// SPDX-License-Identifier: Apache-2.0
#include "certificate.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <ctime>

#include "base/log.hpp"

namespace weir::emitter {
namespace {

runtime::Counter reloads(runtime::Metrics& metrics, const char* result) {
    return metrics.counter("weir_tls_reloads_total",
                           "Times SIGHUP had the certificate read again, and what came of it.",
                           {{"result", result}});
}

std::optional<std::string> doubt_about(const net::TlsServer& tls) {
    return net::doubt_about_end(
        tls.expires(), std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
}

}  // namespace

void CertificateFiles::declare(config::Command& command) {
    command
        .option("tls-cert", cert,
                "Serves HTTPS and wss:// instead of HTTP and ws://: the file (PEM) of the "
                "certificate, then of those that signed it. SIGHUP has it read again.")
        .metavar("FILE");
    command.option("tls-key", key, "The file of its private key (PEM, not encrypted).")
        .metavar("FILE");
    command.rule([this](std::vector<std::string>& mistakes) {
        if (cert.empty() != key.empty())
            mistakes.emplace_back("--tls-cert and --tls-key: expected both or none");
        else if (!cert.empty())
            if (const auto tls = net::TlsServer::load(cert, key); !tls)
                mistakes.push_back("--tls-cert and --tls-key: " + tls.error().message);
    });
    command.warning_rule([this](std::vector<std::string>& warnings) {
        if (cert.empty()) return;
        const auto tls = net::TlsServer::load(cert, key);
        if (const auto doubt = tls ? doubt_about(**tls) : std::nullopt)
            warnings.push_back(fmt::format("--tls-cert {}: {}", cert, *doubt));
    });
}

Certificate::Certificate(const CertificateFiles& files, runtime::Service& service,
                         http::Server& server)
    : files_(files),
      service_(service),
      server_(server),
      expires_(service.metrics().gauge(
          "weir_tls_certificate_expires_seconds",
          "When clients begin to refuse the certificate, in seconds since the Unix epoch; 0 "
          "without TLS.")),
      reloads_(reloads(service.metrics(), "loaded")),
      failed_reloads_(reloads(service.metrics(), "failed")) {}

Certificate::~Certificate() { service_.on_reload(nullptr); }

Result<void> Certificate::start() {
    if (files_.cert.empty()) return {};
    if (auto loaded = load(); !loaded) return loaded;
    service_.on_reload([this] { reload(); });
    return {};
}

Result<void> Certificate::load() {
    auto tls = net::TlsServer::load(files_.cert, files_.key);
    if (!tls) return tls.error();
    const std::time_t end{(*tls)->expires().time_since_epoch().count()};
    expires_.set(static_cast<double>(end));
    log::info("serving TLS",
              {{"certificate", files_.cert}, {"ends", fmt::format("{:%FT%TZ}", fmt::gmtime(end))}});
    if (const auto doubt = doubt_about(**tls)) log::warn(*doubt);
    server_.use_tls(std::move(*tls));
    return {};
}

void Certificate::reload() {
    const auto loaded = load();
    (loaded ? reloads_ : failed_reloads_).add();
    if (!loaded)
        log::error("the new certificate cannot be used; the one before stays",
                   {{"error", loaded.error().message}});
}

}  // namespace weir::emitter
