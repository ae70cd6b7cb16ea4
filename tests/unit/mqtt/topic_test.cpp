// SPDX-License-Identifier: Apache-2.0
// Goal: the rules for topics (MQTT 5 section 4.7) and the small parsers. Method: tables.
#include "mqtt/topic.hpp"

#include "catch.hpp"
#include "mqtt/connection.hpp"

namespace weir::mqtt {
namespace {

TEST_CASE("topic names have no wildcards and are UTF-8", "[mqtt][topic]") {
    for (const char* good : {"a", "/", "a/b", "a//b", "$SYS/x", "ä/ö"})
        CHECK(is_topic_name(good));
    for (const char* bad : {"", "+", "a/#", "a+b", "\xC3\x28"})
        CHECK_FALSE(is_topic_name(bad));
    CHECK_FALSE(is_topic_name(std::string_view("a\0b", 3)));
    CHECK(is_topic_name(std::string(65'535, 'a')));
    CHECK_FALSE(is_topic_name(std::string(65'536, 'a')));
}

TEST_CASE("topic filters take wildcards for whole levels", "[mqtt][topic]") {
    for (const char* good :
         {"a", "+", "#", "a/+/b", "a/#", "+/+", "/+", "$share/g/a/+", "$share/g/#"})
        CHECK(is_topic_filter(good));
    for (const char* bad : {"", "a+", "a/+b", "a/#/b", "#/a", "a#", "$share/g", "$share//a",
                            "$share/g+/a", "$share/g/"})
        CHECK_FALSE(is_topic_filter(bad));
}

TEST_CASE("filters match the topics the standard names", "[mqtt][topic]") {
    struct Case {
        const char* filter;
        const char* topic;
        bool match;
    };
    for (const Case& c :
         {Case{"sport/tennis/#", "sport/tennis", true},
          Case{"sport/tennis/#", "sport/tennis/player1/ranking", true},
          Case{"sport/tennis/+", "sport/tennis/player1", true},
          Case{"sport/tennis/+", "sport/tennis/player1/ranking", false},
          Case{"sport/+", "sport", false}, Case{"sport/+", "sport/", true},
          Case{"+/+", "/finance", true}, Case{"/+", "/finance", true}, Case{"+", "/finance", false},
          Case{"#", "$SYS/load", false}, Case{"+/load", "$SYS/load", false},
          Case{"$SYS/#", "$SYS/load", true}, Case{"a/b", "a/b", true}, Case{"a/b", "a/c", false},
          Case{"a/b", "a", false}, Case{"a", "a/b", false}}) {
        INFO(c.filter << " " << c.topic);
        CHECK(matches(c.filter, c.topic) == c.match);
    }
}

TEST_CASE("filters overlap when one topic can match both", "[mqtt][topic]") {
    struct Case {
        const char* one;
        const char* other;
        bool both;
    };
    for (const Case& c :
         {Case{"a/+", "a/b", true}, Case{"a/+", "b/+", false}, Case{"a/+", "a/+/c", false},
          Case{"#", "a/b", true}, Case{"a/#", "a", true}, Case{"a/#", "b/#", false},
          Case{"+/b", "a/+", true}, Case{"a", "a", true}, Case{"a/b/#", "a/+", true},
          Case{"a/b/c/#", "a/+", false}, Case{"a", "a/b", false}}) {
        INFO(c.one << " " << c.other);
        CHECK(overlap(c.one, c.other) == c.both);
        CHECK(overlap(c.other, c.one) == c.both);
    }
}

TEST_CASE("the last wildcard is what a device is called", "[mqtt][topic]") {
    CHECK(last_wildcard("air/+", "air/device1") == "device1");
    CHECK(last_wildcard("+/+/co", "plant/device1/co") == "device1");
    CHECK(last_wildcard("air/#", "air/hall/device1") == "hall/device1");
    CHECK(last_wildcard("air/device1", "air/device1") == "device1");
    CHECK(last_wildcard("#", "a/b") == "a/b");
    CHECK(levels("a//b") == std::vector<std::string_view>{"a", "", "b"});
}

TEST_CASE("broker addresses are read", "[mqtt][connection]") {
    struct Case {
        const char* text;
        const char* host;
        unsigned port;
        bool tls = false;
        bool websocket = false;
        const char* path = "/mqtt";
    };
    for (const Case& c :
         {Case{"tcp://localhost:1884", "localhost", 1884}, Case{"mqtt://broker", "broker", 1883},
          Case{"tcp://[::1]", "::1", 1883}, Case{"tcp://[::1]:99", "::1", 99},
          Case{"mqtts://broker", "broker", 8883, true}, Case{"ssl://[::1]:9", "::1", 9, true},
          Case{"ws://broker", "broker", 80, false, true},
          Case{"ws://broker:9001/a/b?c=d", "broker", 9001, false, true, "/a/b?c=d"},
          Case{"wss://[::1]/", "::1", 443, true, true, "/"}}) {
        INFO(c.text);
        const auto broker = BrokerUri::parse(c.text);
        REQUIRE(broker.ok());
        CHECK(broker->endpoint.host == c.host);
        CHECK(broker->endpoint.port == c.port);
        CHECK(broker->tls == c.tls);
        CHECK(broker->websocket == c.websocket);
        CHECK(broker->path == c.path);
        CHECK(*BrokerUri::parse(broker->text()) == *broker);
    }
    for (const char* bad : {"", "localhost:1883", "tcp://", "tcp://:1883", "tcp://h:0",
                            "tcp://h:70000", "tcp://h:x", "tls://h:8883", "tcp://::1", "tcp://h/x",
                            "mqtts://h/x", "ws://h:0/x", "ws:///x", "ws://h/x y", "ws://h/x\r\n"})
        CHECK_FALSE(BrokerUri::parse(bad).ok());
}

}  // namespace
}  // namespace weir::mqtt
