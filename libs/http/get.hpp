// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"
#include "net/endpoint.hpp"

namespace weir::http {

/// One GET over a connection of its own, in the calling thread; for asking a service of this
/// machine about itself, so there is no TLS, no redirect and no second try.
///
/// Limits: `timeout` bounds the whole call; an answer of more than 64 KiB is an error.
/// Errors: nobody listens, no whole answer in time, no HTTP. Any status is an answer.
Result<Response> get(const net::Endpoint& from, std::string_view target,
                     std::chrono::milliseconds timeout);

}  // namespace weir::http
