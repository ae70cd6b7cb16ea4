// SPDX-License-Identifier: Apache-2.0
// Goal: a certificate and key that cannot be served are refused with a sentence that names the
// file, and one that ends soon is doubted. Method: files as OpenSSL writes them.
#include "net/tls_server.hpp"

#include <chrono>
#include <fstream>

#include "catch.hpp"
#include "certificate.hpp"

using namespace weir;
using namespace std::chrono_literals;

namespace {

std::string mistake(const std::string& cert, const std::string& key) {
    const auto server = net::TlsServer::load(cert, key);
    REQUIRE_FALSE(server.ok());
    return server.error().message;
}

}  // namespace

TEST_CASE("a certificate with its key is served until its end", "[net]") {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const SelfSigned files(7200);
    const auto server = net::TlsServer::load(files.cert, files.key);
    REQUIRE(server.ok());
    CHECK((*server)->expires() >= now + 7200s);
    CHECK((*server)->expires() <= now + 7260s);
    CHECK(net::TlsServer::load(SelfSigned(-60).cert, files.key).ok() == false);
}

TEST_CASE("files that cannot be served are named", "[net]") {
    const SelfSigned files;
    const SelfSigned other;
    const SelfSigned locked(3600, "secret");
    const std::string rubbish = files.cert + ".rubbish";
    std::ofstream(rubbish) << "no PEM";
    const std::string nowhere = files.cert + ".nowhere";
    CHECK(mistake(nowhere, files.key) ==
          "the certificate in " + nowhere + ", expected as PEM: No such file or directory");
    CHECK(mistake(rubbish, files.key) ==
          "the certificate in " + rubbish + ", expected as PEM: no start line");
    CHECK(mistake(files.cert, nowhere) ==
          "the private key in " + nowhere +
              ", expected as PEM, not encrypted: No such file or directory");
    CHECK(mistake(files.cert, rubbish).starts_with("the private key in " + rubbish));
    CHECK(mistake(locked.cert, locked.key).starts_with("the private key in " + locked.key));
    CHECK(mistake(files.cert, other.key) == "the private key in " + other.key +
                                                " does not belong to the certificate in " +
                                                files.cert);
}

TEST_CASE("a certificate is doubted from 14 days before its end on", "[net]") {
    const std::chrono::sys_seconds end = std::chrono::sys_days{std::chrono::January / 31 / 2030};
    CHECK_FALSE(net::doubt_about_end(end, end - 24h * 14 - 1s));
    CHECK(net::doubt_about_end(end, end - 24h * 14) ==
          "the certificate ends on 2030-01-31 at 00:00:00 UTC; clients refuse it from then on");
    CHECK(net::doubt_about_end(end, end - 1s).value().starts_with("the certificate ends on "));
    CHECK(net::doubt_about_end(end, end) ==
          "the certificate ended on 2030-01-31 at 00:00:00 UTC; clients refuse it from then on");
    CHECK_FALSE(
        net::doubt_about_end(std::chrono::sys_days{std::chrono::December / 31 / 9999}, end));
}
