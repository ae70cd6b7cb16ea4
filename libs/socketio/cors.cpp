// SPDX-License-Identifier: Apache-2.0
#include "socketio/cors.hpp"

#include <algorithm>

namespace weir::socketio {
namespace {

bool any_origin(const CorsOptions& cors) {
    return std::find(cors.origins.begin(), cors.origins.end(), "*") != cors.origins.end();
}

bool is_listed(const CorsOptions& cors, std::string_view origin) {
    return std::any_of(cors.origins.begin(), cors.origins.end(), [&](const std::string& listed) {
        return http::equal_ignoring_case(listed, origin);
    });
}

/// `https://host:port` without its scheme: what the Host header says for our own pages.
std::string_view authority_of(std::string_view origin) {
    const std::size_t colon = origin.find("://");
    return colon == std::string_view::npos ? std::string_view() : origin.substr(colon + 3);
}

}  // namespace

void add_cors_headers(const CorsOptions& cors, const http::Request& request,
                      http::Response& response) {
    if (cors.origins.empty()) return;
    const std::string_view origin = request.header("origin");
    // With credentials the wildcard is not allowed: the origin is echoed.
    if (any_origin(cors) && !cors.credentials) {
        response.headers.push_back({"Access-Control-Allow-Origin", "*"});
        return;
    }
    response.headers.push_back({"Vary", "Origin"});
    if (origin.empty() || !(any_origin(cors) || is_listed(cors, origin))) return;
    response.headers.push_back({"Access-Control-Allow-Origin", std::string(origin)});
    if (cors.credentials) response.headers.push_back({"Access-Control-Allow-Credentials", "true"});
}

bool is_preflight(const CorsOptions& cors, const http::Request& request) {
    return request.method == "OPTIONS" && !cors.origins.empty();
}

http::Response preflight_answer(const http::Request& request) {
    http::Response response{.status = 204};
    response.headers.push_back({"Access-Control-Allow-Methods", "GET,POST"});
    response.headers.push_back({"Vary", "Access-Control-Request-Headers"});
    const std::string_view wanted = request.header("access-control-request-headers");
    if (!wanted.empty())
        response.headers.push_back({"Access-Control-Allow-Headers", std::string(wanted)});
    return response;
}

bool is_origin_allowed(const CorsOptions& cors, const http::Request& request) {
    const std::string_view origin = request.header("origin");
    return origin.empty() || any_origin(cors) || is_listed(cors, origin) ||
           http::equal_ignoring_case(authority_of(origin), request.header("host"));
}

}  // namespace weir::socketio
