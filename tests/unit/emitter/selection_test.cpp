// SPDX-License-Identifier: Apache-2.0
// Goal: --keys and --map are read as documented, and every mistake gets its own words.
#include "selection.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "catch.hpp"

using namespace weir;
using emitter::EventName;
using emitter::Keys;
using emitter::Map;

TEST_CASE("keys and maps name an event and are written back", "[emitter]") {
    const auto keys = config::Codec<Keys>::parse("reading@/live=a*,device=1");
    REQUIRE(keys.ok());
    CHECK(keys->name == EventName{"reading", "/live"});
    CHECK(keys->globs == std::vector<std::string>{"a*", "device=1"});
    CHECK(config::Codec<Keys>::format(*keys) == "reading@/live=a*,device=1");

    const auto map = config::Codec<Map>::parse("emit=select(.a == 1)");
    REQUIRE(map.ok());
    CHECK(map->name == EventName{"emit", "/"});
    CHECK(map->program == "select(.a == 1)");
    CHECK(config::Codec<Map>::format(*map) == "emit@/=select(.a == 1)");
}

TEST_CASE("a map's program may be in a file", "[emitter]") {
    const std::string path =
        std::filesystem::temp_directory_path() / ("map-" + std::to_string(::getpid()) + ".jq");
    std::ofstream(path) << "def f: .a; # a comment\nf\n";
    const auto map = config::Codec<Map>::parse("emit=@" + path);
    std::filesystem::remove(path);
    REQUIRE(map.ok());
    CHECK(map->program == "def f: .a; # a comment\nf\n");
    CHECK(config::Codec<Map>::format(*map) == "emit@/=@" + path);
    CHECK(compile(*map, Bytes{10}).ok());
    const auto gone = config::Codec<Map>::parse("emit=@" + path);
    REQUIRE_FALSE(gone.ok());
    CHECK(gone.error().message == "reading " + path + ": No such file or directory");
}

TEST_CASE("wrong keys and maps are refused with their reason", "[emitter]") {
    const std::pair<const char*, const char*> bad[] = {
        {"", "there is no \"=\""},          {"emit", "there is no \"=\""},
        {"emit=", "nothing follows"},       {"=a", "not an event name"},
        {"e@live=a", "a namespace starts"},
    };
    for (const auto& [text, reason] : bad) {
        CAPTURE(text);
        const auto keys = config::Codec<Keys>::parse(text);
        const auto map = config::Codec<Map>::parse(text);
        REQUIRE((!keys.ok() && !map.ok()));
        CHECK(keys.error().message.find(reason) != std::string::npos);
        CHECK(map.error().message.find(reason) != std::string::npos);
    }
    for (const char* text : {"e=,a", "e=a,", "e=a,,b", "e=,"}) {
        CAPTURE(text);
        CHECK_FALSE(config::Codec<Keys>::parse(text).ok());
    }
}
