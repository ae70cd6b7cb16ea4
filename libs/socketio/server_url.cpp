// SPDX-License-Identifier: Apache-2.0
#include "socketio/server_url.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace weir::socketio {
namespace {

constexpr std::string_view http = "http://";
constexpr std::string_view https = "https://";

/// It goes into a request line, so nothing in it may end that or begin a query.
bool is_path(std::string_view path) {
    return std::ranges::all_of(path,
                               [](char c) { return c > ' ' && c < 0x7F && c != '?' && c != '#'; });
}

}  // namespace

Result<ServerUrl> ServerUrl::parse(std::string_view text) {
    const Error wrong{
        fmt::format("expected http://HOST[:PORT][/PATH] or https://…, got \"{}\"", text)};
    ServerUrl url;
    url.tls = text.starts_with(https);
    if (!url.tls && !text.starts_with(http)) return wrong;
    std::string_view address = text.substr(url.tls ? https.size() : http.size());
    if (const std::size_t slash = address.find('/'); slash != std::string_view::npos) {
        if (address.size() > slash + 1) url.path = address.substr(slash);
        address = address.substr(0, slash);
    }
    if (!url.path.ends_with('/')) url.path += '/';
    const std::size_t host_end = address.rfind(']');
    const std::size_t start = host_end == std::string_view::npos ? 0 : host_end;
    const bool has_port = address.find(':', start) != std::string_view::npos;
    const auto endpoint = net::parse_endpoint(fmt::format("{}{}", address,
                                                          has_port  ? ""
                                                          : url.tls ? ":443"
                                                                    : ":80"));
    if (!endpoint || endpoint->port == 0 || !is_path(url.path)) return wrong;
    url.endpoint = *endpoint;
    return url;
}

std::string ServerUrl::text() const {
    return fmt::format("{}{}{}", tls ? https : http, net::to_string(endpoint), path);
}

}  // namespace weir::socketio
