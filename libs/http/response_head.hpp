// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "http/message.hpp"

namespace weir::http {

/// False for the statuses that end at the header (RFC 9110 section 6.4.1).
bool may_have_body(unsigned status);

/// Status line and header up to the blank line. A header whose value has a line break is left
/// out: it would end the header and let its author write the rest of the answer.
std::string response_head(const Response& response, std::size_t body_size, bool keep_alive);

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
std::string http_date(std::chrono::sys_seconds time);

}  // namespace weir::http
