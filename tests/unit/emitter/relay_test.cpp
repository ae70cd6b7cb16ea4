// SPDX-License-Identifier: Apache-2.0
// Goal: relays are read as documented and every mistake gets its own words.
#include "relay.hpp"

#include "catch.hpp"

using namespace weir;
using emitter::Relay;
using emitter::Shape;
using RelayCodec = config::Codec<Relay>;

TEST_CASE("relays are read with their defaults and written back", "[emitter]") {
    const std::pair<const char*, Relay> good[] = {
        {"results=emit", {"results", "emit", "/", Shape::raw}},
        {"results=emit:card", {"results", "emit", "/", Shape::card}},
        {"a.b-c_d=window@/live", {"a.b-c_d", "window", "/live", Shape::raw}},
        {"results=emit@/:card", {"results", "emit", "/", Shape::card}},
        {"t=snapshot", {"t", "snapshot", "/", Shape::raw}},
        {"t=reading@/live:latest", {"t", "reading", "/live", Shape::raw, true}},
        {"t=reading:card:latest", {"t", "reading", "/", Shape::card, true}},
        {"t=reading@/live:drop", {"t", "reading", "/live", Shape::raw, false, true}},
        {"t=drop:card:drop", {"t", "drop", "/", Shape::card, false, true}},
    };
    for (const auto& [text, expected] : good) {
        CAPTURE(text);
        const auto relay = RelayCodec::parse(text);
        REQUIRE(relay.ok());
        CHECK(*relay == expected);
        CHECK(*RelayCodec::parse(RelayCodec::format(*relay)) == expected);
    }
}

TEST_CASE("a wrong relay is refused with its reason", "[emitter]") {
    const std::pair<const char*, const char*> bad[] = {
        {"", "there is no \"=\""},
        {"results", "there is no \"=\""},
        {"=emit", "not a Kafka topic"},
        {"a b=emit", "not a Kafka topic"},
        {"t=", "not an event name"},
        {"t=@/live", "not an event name"},
        {"t=e@live", "a namespace starts"},
        {"t=e@/a/b", "a namespace starts"},
        {"t=e@/a,b", "a namespace starts"},
        {"t=e@", "a namespace starts"},
        {"t=e:cards", "expected one of raw|card"},
        {"t=e:latest:card", "not an event name"},
        {"t=e:latest:latest", "expected one of raw|card"},
        {"t=e:latest:drop", "expected one of raw|card"},
        {"t=e:drop:latest", "expected one of raw|card"},
        {"t=dropped", "a meaning of its own"},
        {"t=connect", "a meaning of its own"},
        {"t=snapshot@/live", "a meaning of its own"},
        {"t=totals@/live", "a meaning of its own"},
    };
    for (const auto& [text, reason] : bad) {
        CAPTURE(text);
        const auto relay = RelayCodec::parse(text);
        REQUIRE_FALSE(relay.ok());
        CHECK(relay.error().message.find(reason) != std::string::npos);
    }
}
