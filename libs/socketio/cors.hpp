// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/message.hpp"
#include "socketio/options.hpp"

namespace weir::socketio {

/// Adds what the Fetch standard's CORS protocol wants on every answer. Nothing without origins.
void add_cors_headers(const CorsOptions& cors, const http::Request& request,
                      http::Response& response);

/// True for the question a browser asks before a request of another origin, when it is for us to
/// answer.
bool is_preflight(const CorsOptions& cors, const http::Request& request);

/// The answer to it: 204. The origin's headers are added by add_cors_headers().
http::Response preflight_answer(const http::Request& request);

/// True when the request's Origin may open a WebSocket: none, our own host, or a listed one.
bool is_origin_allowed(const CorsOptions& cors, const http::Request& request);

}  // namespace weir::socketio
