// SPDX-License-Identifier: Apache-2.0
// Goal: every packet a subscriber reads or writes, byte for byte against the standard's tables, and
// every way in which a broker's packet can be broken. Method: hand-written bytes.
#include "mqtt/packet.hpp"

#include <deque>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "catch.hpp"

namespace weir::mqtt {
namespace {

using namespace test;

constexpr std::size_t bytes_max = 1'000;

/// The frame is a view: the bytes are kept until the program ends.
Frame frame_of(const std::string& bytes_of_packet) {
    static std::deque<std::string> kept;
    const std::string& stream = kept.emplace_back(bytes_of_packet);
    const auto frame = take_frame(stream, bytes_max);
    REQUIRE(frame.ok());
    REQUIRE(frame->has_value());
    CHECK((*frame)->size == stream.size());
    return **frame;
}

template <typename T>
unsigned reason_of(const Result<T, Malformed>& result) {
    REQUIRE_FALSE(result.ok());
    CHECK_FALSE(result.error().what.empty());
    return result.error().reason;
}

TEST_CASE("a packet is cut off the stream only when it is whole", "[mqtt][packet]") {
    const std::string stream = publish({.payload = std::string(200, 'x')});
    for (std::size_t size = 0; size < stream.size(); ++size) {
        const auto frame = take_frame(std::string_view(stream).substr(0, size), bytes_max);
        REQUIRE(frame.ok());
        CHECK_FALSE(frame->has_value());
    }
    const auto frame = take_frame(stream + "next", bytes_max);
    REQUIRE(frame.ok());
    REQUIRE(frame->has_value());
    CHECK((*frame)->type == PacketType::publish);
    CHECK((*frame)->size == stream.size());
    CHECK((*frame)->missing == 0);
}

TEST_CASE("the fixed header is checked before anything else", "[mqtt][packet]") {
    struct Case {
        const char* name;
        std::string stream;
        unsigned reason;
    };
    const std::vector<Case> cases{
        {"type 0", bytes({0x00, 0}), 0x82},
        {"CONNECT to a client", bytes({0x10, 0}), 0x82},
        {"SUBSCRIBE to a client", bytes({0x82, 0}), 0x82},
        {"PUBACK to a subscriber", bytes({0x40, 2, 0, 1}), 0x82},
        {"AUTH", bytes({0xF0, 0}), 0x82},
        {"CONNACK with flags", bytes({0x21, 2, 0, 0}), 0x81},
        {"PUBREL without its flags", bytes({0x60, 2, 0, 1}), 0x81},
        {"a length of five bytes", bytes({0x30, 0x80, 0x80, 0x80, 0x80, 0x01}), 0x81},
        {"a SUBACK beyond the limit", bytes({0x90, 0xFF, 0x7F}), 0x95},
    };
    for (const Case& c : cases) {
        INFO(c.name);
        CHECK(reason_of(take_frame(c.stream, bytes_max)) == c.reason);
    }
}

TEST_CASE("of a PUBLISH beyond the limit the beginning is given", "[mqtt][packet]") {
    const std::string stream = publish({.payload = std::string(2'000, 'x')});
    const auto nothing = take_frame(std::string_view(stream).substr(0, bytes_max - 1), bytes_max);
    REQUIRE(nothing.ok());
    CHECK_FALSE(nothing->has_value());

    const auto frame = take_frame(std::string_view(stream).substr(0, bytes_max), bytes_max);
    REQUIRE(frame.ok());
    REQUIRE(frame->has_value());
    CHECK((*frame)->size == bytes_max);
    CHECK((*frame)->missing == stream.size() - bytes_max);
    const auto message = decode_publish(**frame, Version::v5);
    REQUIRE(message.ok());
    CHECK(message->topic == "t/a");
    CHECK(message->payload_size == 2'000);
    CHECK(message->payload.size() < 2'000);
}

TEST_CASE("a PUBLISH whose properties alone are beyond the limit is no broken one",
          "[mqtt][packet]") {
    // Ending the connection because of it would have the broker send it again for ever.
    const std::string user = bytes({0x26}) + text("k") + text(std::string(1'500, 'v'));
    const auto size = static_cast<unsigned>(user.size());
    const std::string length = bytes({0x80U | (size & 0x7FU), size >> 7U});
    const std::string stream = packet(0x32, text("t/a") + two_bytes(7) + length + user + "863.850");
    const auto frame = take_frame(std::string_view(stream).substr(0, bytes_max), bytes_max);
    REQUIRE(frame.ok());
    REQUIRE(frame->has_value());
    const auto message = decode_publish(**frame, Version::v5);
    REQUIRE(message.ok());
    CHECK(message->topic == "t/a");
    CHECK(message->id == 7);
    CHECK(message->payload.empty());
    CHECK(message->payload_size > 500);
    CHECK(message->properties.empty());
}

TEST_CASE("CONNACK is read", "[mqtt][packet]") {
    const auto plain = decode_connack(frame_of(connack311(1, 0)), Version::v3_1_1);
    REQUIRE(plain.ok());
    CHECK(plain->session_present);
    CHECK(plain->code == 0);

    const std::string properties = bytes({0x13, 0, 30}) + bytes({0x1F}) + text("go away");
    const auto refused = decode_connack(frame_of(connack5(0, 0x87, properties)), Version::v5);
    REQUIRE(refused.ok());
    CHECK_FALSE(refused->session_present);
    CHECK(refused->code == 0x87);
    CHECK(refused->properties.find(PropertyId::server_keep_alive)->number == 30);
    CHECK(refused->properties.find(PropertyId::reason_string)->text == "go away");
    CHECK_FALSE(refused->properties.find(PropertyId::receive_max));

    const std::vector<std::string> broken{
        packet(0x20, bytes({0})),
        packet(0x20, bytes({2, 0, 0})),
        packet(0x20, bytes({0, 0})),                      // no properties
        packet(0x20, bytes({0, 0, 3, 0x13, 0})),          // properties end early
        packet(0x20, bytes({0, 0, 0, 0})),                // too long
        connack5(0, 0, bytes({0x7E, 1})),                 // unknown property
        connack5(0, 0, bytes({0x13, 0, 1, 0x13, 0, 1})),  // twice
    };
    for (const std::string& stream : broken)
        CHECK(reason_of(decode_connack(frame_of(stream), Version::v5)) == 0x81);
    CHECK(reason_of(decode_connack(frame_of(connack5()), Version::v3_1_1)) == 0x81);
}

TEST_CASE("PUBLISH is read at every QoS in both versions", "[mqtt][packet]") {
    for (const bool v5 : {true, false}) {
        for (unsigned qos = 0; qos <= 2; ++qos) {
            const std::string stream = publish({.topic = "t/ä",
                                                .payload = "863.850",
                                                .qos = qos,
                                                .id = 0x1234,
                                                .duplicate = qos > 0,
                                                .retained = true,
                                                .v5 = v5});
            const auto message =
                decode_publish(frame_of(stream), v5 ? Version::v5 : Version::v3_1_1);
            REQUIRE(message.ok());
            CHECK(message->topic == "t/ä");
            CHECK(message->payload == "863.850");
            CHECK(message->payload_size == 7);
            CHECK(number(message->qos) == qos);
            CHECK(message->id == (qos == 0 ? 0 : 0x1234));
            CHECK(message->duplicate == (qos > 0));
            CHECK(message->retained);
        }
    }
    const auto empty = decode_publish(frame_of(publish({.payload = ""})), Version::v5);
    REQUIRE(empty.ok());
    CHECK(empty->payload.empty());
}

TEST_CASE("the properties of PUBLISH are read in order", "[mqtt][packet]") {
    const std::string properties =
        bytes({0x01, 1}) + bytes({0x02, 0, 0, 1, 0}) + bytes({0x03}) + text("application/json") +
        bytes({0x08}) + text("back") + bytes({0x09}) + text(std::string("\0\xFF", 2)) +
        bytes({0x0B, 0x81, 0x01, 0x0B, 7}) + bytes({0x26}) + text("unit") + text("ppm") +
        bytes({0x26}) + text("unit") + text("ppb");
    const auto message = decode_publish(frame_of(publish({.properties = properties})), Version::v5);
    REQUIRE(message.ok());
    const Properties& all = message->properties;
    CHECK(all.find(PropertyId::payload_format)->number == 1);
    CHECK(all.find(PropertyId::message_expiry)->number == 256);
    CHECK(all.find(PropertyId::content_type)->text == "application/json");
    CHECK(all.find(PropertyId::correlation_data)->text.size() == 2);
    CHECK(all.find(PropertyId::subscription_id)->number == 129);
    std::string units;
    all.each([&](const Property& property) {
        if (property.id == PropertyId::user)
            units += std::string(property.name) + "=" + std::string(property.text) + ";";
    });
    CHECK(units == "unit=ppm;unit=ppb;");
}

TEST_CASE("a broken PUBLISH is refused with the right reason", "[mqtt][packet]") {
    struct Case {
        const char* name;
        std::string stream;
        unsigned reason;
    };
    const std::vector<Case> cases{
        {"QoS 3", packet(0x36, text("t") + two_bytes(1) + bytes({0})), 0x81},
        {"duplicate at QoS 0", packet(0x38, text("t") + bytes({0})), 0x81},
        {"id 0", publish({.id = 0}), 0x81},
        {"no id", packet(0x32, text("t")), 0x81},
        {"a topic that ends early", packet(0x30, two_bytes(5) + "abc"), 0x81},
        {"no properties", packet(0x30, text("t")), 0x81},
        {"an empty topic", publish({.topic = ""}), 0x90},
        {"a topic alias", publish({.properties = bytes({0x23, 0, 1})}), 0x94},
        {"a user property that is not UTF-8",
         publish({.properties = bytes({0x26}) + text("\xFF") + text("")}), 0x81},
    };
    for (const Case& c : cases) {
        INFO(c.name);
        CHECK(reason_of(decode_publish(frame_of(c.stream), Version::v5)) == c.reason);
    }
}

TEST_CASE("an odd topic is for the receiver to judge", "[mqtt][packet]") {
    for (const std::string& topic :
         {std::string("t/+"), std::string("t\0", 2), std::string("\xFF")}) {
        const auto message = decode_publish(frame_of(publish({.topic = topic})), Version::v5);
        REQUIRE(message.ok());
        CHECK(message->topic == topic);
    }
}

TEST_CASE("PUBREL is read with and without reason and properties", "[mqtt][packet]") {
    for (const std::string& tail :
         {std::string(), bytes({0}), bytes({0x92, 0}), bytes({0, 4, 0x1F, 0, 1, 'x'})}) {
        const auto pubrel = decode_pubrel(frame_of(packet(0x62, two_bytes(9) + tail)), Version::v5);
        REQUIRE(pubrel.ok());
        CHECK(pubrel->id == 9);
    }
    CHECK(reason_of(decode_pubrel(frame_of(packet(0x62, bytes({0}))), Version::v5)) == 0x81);
    CHECK(reason_of(decode_pubrel(frame_of(pubrel(0)), Version::v5)) == 0x81);
    CHECK(reason_of(decode_pubrel(frame_of(packet(0x62, bytes({0, 9, 0, 5}))), Version::v5)) ==
          0x81);
    CHECK(reason_of(decode_pubrel(frame_of(packet(0x62, bytes({0, 9, 0}))), Version::v3_1_1)) ==
          0x81);
}

TEST_CASE("SUBACK is read", "[mqtt][packet]") {
    const auto five = decode_suback(frame_of(suback5(bytes({1, 0x87}))), Version::v5);
    REQUIRE(five.ok());
    CHECK(five->id == 1);
    CHECK(five->codes == bytes({1, 0x87}));
    const auto older = decode_suback(frame_of(suback311(bytes({0x80}))), Version::v3_1_1);
    REQUIRE(older.ok());
    CHECK(older->codes == bytes({0x80}));
    CHECK(reason_of(decode_suback(frame_of(suback5("")), Version::v5)) == 0x81);
    CHECK(reason_of(decode_suback(frame_of(packet(0x90, bytes({0}))), Version::v5)) == 0x81);
    CHECK(reason_of(decode_suback(frame_of(packet(0x90, bytes({0, 1, 9, 1}))), Version::v5)) ==
          0x81);
}

TEST_CASE("DISCONNECT is read, PINGRESP is empty", "[mqtt][packet]") {
    const auto bare = decode_disconnect(frame_of(packet(0xE0, "")));
    REQUIRE(bare.ok());
    CHECK(bare->reason == 0);
    const auto full =
        decode_disconnect(frame_of(packet(0xE0, bytes({0x8E, 5, 0x1F, 0, 2, 'n', 'o'}))));
    REQUIRE(full.ok());
    CHECK(full->reason == 0x8E);
    CHECK(full->properties.find(PropertyId::reason_string)->text == "no");
    CHECK(reason_of(decode_disconnect(frame_of(packet(0xE0, bytes({0, 9}))))) == 0x81);

    CHECK(check_pingresp(frame_of(packet(0xD0, ""))).ok());
    CHECK(reason_of(check_pingresp(frame_of(packet(0xD0, "x")))) == 0x81);
}

TEST_CASE("CONNECT is written", "[mqtt][packet]") {
    Connect connect;
    connect.client_id = "bridge";
    connect.keep_alive = std::chrono::seconds{60};
    connect.session_expiry_s = 0xFFFFFFFF;
    connect.receive_max = 2'000;
    std::string five;
    encode_connect(five, connect, Version::v5);
    CHECK(five == packet(0x10, text("MQTT") + bytes({5, 0x00, 0, 60}) +
                                   bytes({8, 0x11, 0xFF, 0xFF, 0xFF, 0xFF, 0x21, 0x07, 0xD0}) +
                                   text("bridge")));

    connect.user = "sensor";
    connect.password = "s3cret";
    connect.clean_start = true;
    std::string older;
    encode_connect(older, connect, Version::v3_1_1);
    CHECK(older == packet(0x10, text("MQTT") + bytes({4, 0xC2, 0, 60}) + text("bridge") +
                                    text("sensor") + text("s3cret")));

    connect.user = "";
    std::string anonymous;
    encode_connect(anonymous, connect, Version::v3_1_1);
    CHECK(anonymous == packet(0x10, text("MQTT") + bytes({4, 0x02, 0, 60}) + text("bridge")));
}

TEST_CASE("SUBSCRIBE is written", "[mqtt][packet]") {
    const std::vector<Subscription> filters{{"a/+", Qos::at_least_once},
                                            {"b/#", Qos::exactly_once}};
    std::string five;
    encode_subscribe(five, 7, filters, Version::v5);
    CHECK(five == packet(0x82, two_bytes(7) + bytes({0}) + text("a/+") + bytes({0x11}) +
                                   text("b/#") + bytes({0x12})));
    std::string older;
    encode_subscribe(older, 7, filters, Version::v3_1_1);
    CHECK(older ==
          packet(0x82, two_bytes(7) + text("a/+") + bytes({1}) + text("b/#") + bytes({2})));
}

TEST_CASE("UNSUBSCRIBE is written and UNSUBACK is read", "[mqtt][packet]") {
    std::string out;
    encode_unsubscribe(out, 2, {"a/+", "b"}, Version::v5);
    encode_unsubscribe(out, 3, {"a/+"}, Version::v3_1_1);
    CHECK(out == packet(0xA2, two_bytes(2) + bytes({0}) + text("a/+") + text("b")) +
                     packet(0xA2, two_bytes(3) + text("a/+")));
    const auto read = [](const std::string& stream, Version version) {
        return decode_unsuback(**take_frame(stream, 1'000), version);
    };
    const std::string five = unsuback5(bytes({0, 0x11}));
    CHECK(read(five, Version::v5)->id == 2);
    CHECK(read(five, Version::v5)->codes == bytes({0, 0x11}));
    CHECK(read(unsuback311(), Version::v3_1_1)->id == 2);
    CHECK_FALSE(read(five, Version::v3_1_1).ok());
    CHECK_FALSE(read(unsuback5(""), Version::v5).ok());
    CHECK_FALSE(read(unsuback311(), Version::v5).ok());
    CHECK_FALSE(read(packet(0xB0, two_bytes(0)), Version::v3_1_1).ok());
}

TEST_CASE("acknowledgements, pings and goodbyes are written", "[mqtt][packet]") {
    std::string out;
    encode_puback(out, 0xABCD);
    encode_pubrec(out, 2);
    encode_pubcomp(out, 3, 0, Version::v5);
    encode_pubcomp(out, 4, 0x92, Version::v5);
    encode_pubcomp(out, 5, 0x92, Version::v3_1_1);
    encode_pingreq(out);
    encode_disconnect(out, 0, Version::v5);
    encode_disconnect(out, 0x81, Version::v5);
    encode_disconnect(out, 0x81, Version::v3_1_1);
    CHECK(out == puback(0xABCD) + pubrec(2) + pubcomp(3) + bytes({0x70, 3, 0, 4, 0x92}) +
                     pubcomp(5) + bytes({0xC0, 0}) + bytes({0xE0, 0}) + bytes({0xE0, 1, 0x81}) +
                     bytes({0xE0, 0}));
}

TEST_CASE("no cut and no flipped bit of a packet leads out of its bytes", "[mqtt][packet]") {
    // Meant for the sanitizers: the results do not matter, but nothing may be read beyond them.
    const std::string properties = bytes({0x26}) + text("unit") + text("ppm") + bytes({0x0B, 7});
    const std::vector<std::string> streams{connack5(1, 0, bytes({0x13, 0, 30})),
                                           publish({.properties = properties}),
                                           pubrel(3),
                                           suback5(),
                                           unsuback5(),
                                           packet(0xE0, bytes({0x8E, 5, 0x1F, 0, 2, 'n', 'o'}))};
    for (const std::string& whole : streams) {
        for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
            std::string stream = whole;
            stream[bit / 8] = static_cast<char>(stream[bit / 8] ^ (1 << bit % 8));
            const std::vector<char> exact(stream.begin(), stream.end());
            const auto frame = take_frame({exact.data(), exact.size()}, bytes_max);
            if (!frame.ok() || !frame->has_value()) continue;
            for (const Version version : {Version::v5, Version::v3_1_1}) {
                static_cast<void>(decode_connack(**frame, version));
                static_cast<void>(decode_publish(**frame, version));
                static_cast<void>(decode_pubrel(**frame, version));
                static_cast<void>(decode_suback(**frame, version));
                static_cast<void>(decode_disconnect(**frame));
            }
        }
    }
    SUCCEED();
}

}  // namespace
}  // namespace weir::mqtt
