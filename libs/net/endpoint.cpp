// SPDX-License-Identifier: Apache-2.0
#include "net/endpoint.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace weir::net {
namespace {

constexpr std::size_t host_bytes_max = 253;  // RFC 1035 section 2.3.4, without the final dot

Error endpoint_error(std::string_view text, std::string_view wrong) {
    return {fmt::format("expected HOST:PORT such as 0.0.0.0:5000 or [::1]:5000, got \"{}\": {}",
                        text, wrong)};
}

bool is_host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

bool has_host_characters(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_host_character);
}

/// `::1`, or `fe80::1%eth0` with the zone of RFC 4007 section 11.
bool is_address6(std::string_view host) {
    const std::size_t zone = std::min(host.find('%'), host.size());
    in6_addr address{};
    return ::inet_pton(AF_INET6, std::string(host.substr(0, zone)).c_str(), &address) == 1 &&
           (zone == host.size() || has_host_characters(host.substr(zone + 1)));
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
    const bool bracketed = text.starts_with('[');
    const std::size_t colon = bracketed ? text.find("]:") + 1 : text.rfind(':');
    if (colon == std::string_view::npos || (bracketed && colon == 0))
        return endpoint_error(text, "there is no port");

    const std::string_view host = bracketed ? text.substr(1, colon - 2) : text.substr(0, colon);
    if (host.empty()) return endpoint_error(text, "there is no host");
    if (!bracketed && host.find(':') != std::string_view::npos && is_address6(host))
        return endpoint_error(text, "an IPv6 address needs brackets");
    if (host.size() > host_bytes_max ||
        !(bracketed ? is_address6(host) : has_host_characters(host)))
        return endpoint_error(text, "that is not a host name or address");

    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size())
        return endpoint_error(text, "the port is not a number from 0 to 65535");
    return Endpoint{std::string(host), port};
}

std::string to_string(const Endpoint& endpoint) {
    const bool address6 = endpoint.host.find(':') != std::string::npos;
    return address6 ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
                    : fmt::format("{}:{}", endpoint.host, endpoint.port);
}

}  // namespace weir::net
