// SPDX-License-Identifier: Apache-2.0
// Goal: whatever a device or a broker sent, it stays within its line of the log. Method: lines are
// written to a pipe in the place of standard error.
#include "base/log.hpp"

#include <unistd.h>

#include <limits>

#include "catch.hpp"

using namespace weir;

namespace {

/// What `work` writes to standard error.
template <typename Work>
std::string written_by(Work work) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const int saved = ::dup(STDERR_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    work();
    ::dup2(saved, STDERR_FILENO);
    ::close(saved);
    ::close(ends[1]);
    char bytes[4096];
    const ssize_t size = ::read(ends[0], bytes, sizeof bytes);
    ::close(ends[0]);
    return {bytes, static_cast<std::size_t>(size)};
}

/// The line without its time.
std::string line(log::Format format, std::string_view message, log::Fields fields) {
    log::configure(log::Level::info, format, "example");
    const auto text = written_by([&] { log::info(message, fields); });
    return text.substr(text.find(format == log::Format::text ? " " : ",") + 1);
}

}  // namespace

TEST_CASE("a line of text is one line, in UTF-8, without control characters", "[base]") {
    CHECK(line(log::Format::text, "a sentence", {{"plain", "x"}, {"n", 3}, {"spaced", "a b"}}) ==
          "info  example a sentence plain=x n=3 spaced=\"a b\"\n");
    CHECK(line(log::Format::text, "two\nlines", {{"color", "\x1B[31m"}, {"noise", "\xFF\x01"}}) ==
          "info  example \"two\\nlines\" color=\"\\u001b[31m\" noise=\"\xEF\xBF\xBD\\u0001\"\n");
}

TEST_CASE("a JSON line is one object", "[base]") {
    constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
    CHECK(
        line(log::Format::json, "two\nlines", {{"noise", "\xFF"}, {"n", 3}, {"x", not_a_number}}) ==
        "\"level\":\"info\",\"service\":\"example\",\"message\":\"two\\nlines\","
        "\"noise\":\"\xEF\xBF\xBD\",\"n\":3,\"x\":\"nan\"}\n");
}

TEST_CASE("lines below the level are not written", "[base]") {
    log::configure(log::Level::warn, log::Format::text, "example");
    CHECK_FALSE(log::enabled(log::Level::info));
    CHECK(written_by([] {
              log::info("unseen");
              log::warn("seen");
          }).ends_with("warn  example seen\n"));
}
