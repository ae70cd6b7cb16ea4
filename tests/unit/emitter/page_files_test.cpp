// SPDX-License-Identifier: Apache-2.0
// Goal: files get their media type and ETag; what is no page is refused before anything starts.
#include "page_files.hpp"

#include "catch.hpp"

using namespace weir;
using namespace weir::emitter;

TEST_CASE("media types follow the end of the name", "[emitter]") {
    CHECK(content_type("/index.html") == "text/html; charset=utf-8");
    CHECK(content_type("/vendor/uplot.js") == "text/javascript; charset=utf-8");
    CHECK(content_type("/icon.svg") == "image/svg+xml");
    CHECK(content_type("/unknown.bin") == "application/octet-stream");
}

TEST_CASE("If-None-Match is a list of tags, whole ones", "[emitter]") {
    const std::string_view tag = "\"ab-1\"";
    for (const char* header :
         {"\"ab-1\"", "*", "W/\"ab-1\"", "\"x\", \"ab-1\"", "\"ab-1\" , \"x\""})
        CHECK(matches_etag(header, tag));
    for (const char* header : {"", "\"ab-2\"", "ab-1", "\"x\""})
        CHECK_FALSE(matches_etag(header, tag));
}

TEST_CASE("a folder that is not there is named in the error", "[emitter]") {
    const auto page = PageFiles::load("/no/such/folder");
    REQUIRE_FALSE(page.ok());
    CHECK(page.error().message.find("/no/such/folder") != std::string::npos);
}
