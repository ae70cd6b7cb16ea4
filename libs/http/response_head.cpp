// SPDX-License-Identifier: Apache-2.0
#include "http/response_head.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/beast/http/status.hpp>
#include <iterator>

namespace weir::http {

bool may_have_body(unsigned status) { return status >= 200 && status != 204 && status != 304; }

std::string http_date(std::chrono::sys_seconds time) {
    using namespace std::chrono;
    constexpr std::array day_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                       day_names[weekday{day}.c_encoding()], unsigned(date.day()),
                       month_names[unsigned(date.month()) - 1], int(date.year()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string response_head(const Response& response, std::size_t body_size, bool keep_alive) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const std::string_view reason =
        boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(response.status));
    std::string head =
        fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status, reason, http_date(now));
    const auto out = std::back_inserter(head);
    for (const Header& header : response.headers)
        if (header.value.find_first_of("\r\n") == std::string::npos)
            fmt::format_to(out, "{}: {}\r\n", header.name, header.value);
    if (!response.content_type.empty())
        fmt::format_to(out, "Content-Type: {}\r\n", response.content_type);
    if (may_have_body(response.status)) fmt::format_to(out, "Content-Length: {}\r\n", body_size);
    fmt::format_to(out, "Connection: {}\r\n\r\n", keep_alive ? "keep-alive" : "close");
    return head;
}

}  // namespace weir::http
