// SPDX-License-Identifier: Apache-2.0
// Goal: HOST:PORT is read as people write it, and every mistake gets its own words.
#include "net/endpoint.hpp"

#include "catch.hpp"

using namespace weir;
using net::Endpoint;
using net::parse_endpoint;

TEST_CASE("endpoints are read and written back", "[net]") {
    const std::pair<const char*, Endpoint> good[] = {
        {"0.0.0.0:5000", {"0.0.0.0", 5000}},
        {"localhost:0", {"localhost", 0}},
        {"[::1]:8080", {"::1", 8080}},
        {"[fe80::1%eth0]:1", {"fe80::1%eth0", 1}},
        {"kafka-1.example_net:65535", {"kafka-1.example_net", 65535}},
    };
    for (const auto& [text, expected] : good) {
        CAPTURE(text);
        const auto endpoint = parse_endpoint(text);
        REQUIRE(endpoint.ok());
        CHECK(*endpoint == expected);
        CHECK(net::to_string(*endpoint) == text);
    }
}

TEST_CASE("a wrong endpoint is refused with its reason", "[net]") {
    const std::pair<const char*, const char*> bad[] = {
        {"", "there is no port"},         {"localhost", "there is no port"},
        {"[::1]", "there is no port"},    {":5000", "there is no host"},
        {"[]:5000", "there is no host"},  {"::1:5000", "an IPv6 address needs brackets"},
        {"a b:1", "not a host name"},     {"[x]:1", "not a host name"},
        {"h:", "the port is not"},        {"h:65536", "the port is not"},
        {"h:-1", "the port is not"},      {"h:80x", "the port is not"},
        {"h: 80", "the port is not"},     {"http://h:80", "not a host name"},
        {"[:]:80", "not a host name"},    {"[1.2.3.4]:80", "not a host name"},
        {"[::1%]:80", "not a host name"}, {"[%lo]:80", "not a host name"},
    };
    for (const auto& [text, reason] : bad) {
        CAPTURE(text);
        const auto endpoint = parse_endpoint(text);
        REQUIRE_FALSE(endpoint.ok());
        CHECK(endpoint.error().message.find(reason) != std::string::npos);
    }
}
