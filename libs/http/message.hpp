// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/target.hpp"

namespace weir::http {

struct Header {
    std::string name;
    std::string value;
};

/// One request, whole: header and body (RFC 9110).
struct Request {
    std::string method;  ///< as sent, upper case by custom: `GET`
    std::string target;  ///< as sent: `/a%20b?c=1`
    std::string path;    ///< decoded, without the query: `/a b`
    Query query;         ///< decoded parameters
    std::vector<Header> headers;
    std::string body;            ///< chunked bodies are joined
    std::string remote_address;  ///< of the TCP peer, without its port

    /// The first value of a header, whatever the case of its name; empty when there is none.
    std::string_view header(std::string_view name) const;

    /// True when the client asks to switch to `protocol` (RFC 9110 section 7.8).
    bool asks_upgrade(std::string_view protocol) const;
};

/// One answer. Content-Length, Date and Connection are the server's business.
struct Response {
    unsigned status = 200;
    std::string content_type = {};
    std::string body = {};
    std::vector<Header> headers = {};
    /// Sent instead of `body` when set: one copy of a file for all who fetch it.
    std::shared_ptr<const std::string> shared_body = {};
    bool close = false;  ///< end the connection after this answer
};

/// True when both are equal but for ASCII case.
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// True when the comma-separated list holds `token`, whatever its case.
bool list_has_token(std::string_view list, std::string_view token);

}  // namespace weir::http
