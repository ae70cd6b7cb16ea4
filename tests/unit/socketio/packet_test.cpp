// SPDX-License-Identifier: Apache-2.0
// Goal: Engine.IO payloads and Socket.IO packets are read and written as the protocols' documents
// say, and everything else is refused, by tables.
#include "socketio/packet.hpp"

#include <vector>

#include "catch.hpp"
#include "socketio/base64.hpp"
#include "socketio/engine_packet.hpp"
#include "socketio/json_text.hpp"

using namespace weir::socketio;

TEST_CASE("base64 goes both ways, and what is not base64 is refused", "[socketio]") {
    const std::pair<std::string, const char*> vectors[] = {
        // RFC 4648 section 10
        {"", ""},        {"f", "Zg=="},          {"fo", "Zm8="},
        {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}, {std::string("\xFF\x00\xFE", 3), "/wD+"},
    };
    for (const auto& [bytes, text] : vectors) {
        std::string encoded;
        append_base64(encoded, bytes);
        CHECK(encoded == text);
        CHECK(base64_decode(text) == bytes);
    }
    CHECK(base64_decode("Zg") == "f");
    for (const char* bad : {"Z", "Zg=", "Z===", "Zm9v\n", "Zm-v", "Zm=v", "===="}) {
        CAPTURE(bad);
        CHECK_FALSE(base64_decode(bad).has_value());
    }
    CHECK(random_id(15).size() == 20);
    CHECK(random_id(15) != random_id(15));
}

TEST_CASE("payloads are cut at the separator", "[socketio]") {
    PayloadReader reader(
        "4hello\x1e"
        "2\x1e"
        "4\x1e"
        "bAQID");
    const auto text = reader.next();
    CHECK((text->type == EngineType::message && text->data == "hello" && !text->binary));
    CHECK(reader.next()->type == EngineType::ping);
    CHECK(reader.next()->data.empty());
    CHECK_FALSE(reader.at_end());
    const auto binary = reader.next();
    CHECK((binary->binary && binary->data == "\x01\x02\x03"));
    CHECK(reader.at_end());
    PayloadReader in_lines(
        "bAQ\r\nID\n\x1e"
        "b\n");
    CHECK(in_lines.next()->data == "\x01\x02\x03");
    CHECK(in_lines.next()->data.empty());
    for (const char* bad : {"", "7", "abc", "b!", "b ", "bAQ\nI=D", "4x\x1e"}) {
        CAPTURE(bad);
        PayloadReader broken(bad);
        bool good = true;
        while (good && !broken.at_end())
            good = broken.next().has_value();
        CHECK_FALSE(good);
    }
}

TEST_CASE("the open packet has its keys in their order", "[socketio]") {
    using std::chrono::milliseconds;
    CHECK(open_packet_data({"abc", true, milliseconds{300}, milliseconds{200}, 1'000'000}) ==
          R"({"sid":"abc","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,)"
          R"("maxPayload":1000000})");
    CHECK(open_packet_data({"abc", false, milliseconds{1}, milliseconds{2}, 3})
              .find(R"("upgrades":[],)") != std::string::npos);
}

TEST_CASE("good packets are taken apart", "[socketio]") {
    struct Case {
        const char* text;
        Packet expected;
    };
    const std::vector<Case> cases = {
        {"0", {.type = PacketType::connect}},
        {"0{}", {.type = PacketType::connect, .data = "{}"}},
        {R"(0/custom,{"token":"a,b"})",
         {.type = PacketType::connect, .nsp = "/custom", .data = R"({"token":"a,b"})"}},
        {"0/custom", {.type = PacketType::connect, .nsp = "/custom"}},
        {"1", {.type = PacketType::disconnect}},
        {"1/custom", {.type = PacketType::disconnect, .nsp = "/custom"}},
        {"1/custom,", {.type = PacketType::disconnect, .nsp = "/custom"}},
        {R"(2["a"])", {.data = R"(["a"])", .event = R"("a")"}},
        {R"(2[5,{"x":[1]} , null])",
         {.data = R"([5,{"x":[1]} , null])", .event = "5", .args = R"({"x":[1]} , null)"}},
        {R"(2/n,12["a",1,2])",
         {.nsp = "/n", .id = 12, .data = R"(["a",1,2])", .event = R"("a")", .args = "1,2"}},
        {"37[]", {.type = PacketType::ack, .id = 7, .data = "[]"}},
        {R"(3/n,7["x",1])",
         {.type = PacketType::ack, .nsp = "/n", .id = 7, .data = R"(["x",1])", .args = R"("x",1)"}},
        {R"(52-["b",{"_placeholder":true,"num":1},{"num":0,"_placeholder":true}])",
         {.type = PacketType::binary_event,
          .attachments = 2,
          .data = R"(["b",{"_placeholder":true,"num":1},{"num":0,"_placeholder":true}])",
          .event = R"("b")",
          .args = R"({"_placeholder":true,"num":1},{"num":0,"_placeholder":true})"}},
        {R"(61-/n,3[{"_placeholder":true,"num":0}])",
         {.type = PacketType::binary_ack,
          .attachments = 1,
          .nsp = "/n",
          .id = 3,
          .data = R"([{"_placeholder":true,"num":0}])",
          .args = R"({"_placeholder":true,"num":0})"}},
        {R"(2["a",{"_placeholder":false,"num":9}])",
         {.data = R"(["a",{"_placeholder":false,"num":9}])",
          .event = R"("a")",
          .args = R"({"_placeholder":false,"num":9})"}},
    };
    for (const auto& [text, expected] : cases) {
        CAPTURE(text);
        const auto packet = parse_packet(text, {});
        REQUIRE(packet.has_value());
        CHECK(packet->type == expected.type);
        CHECK(packet->attachments == expected.attachments);
        CHECK(packet->nsp == expected.nsp);
        CHECK(packet->id == expected.id);
        CHECK(packet->data == expected.data);
        CHECK(packet->event == expected.event);
        CHECK(packet->args == expected.args);
        if (std::string_view(text).find("custom") == std::string_view::npos)
            CHECK(encode_packet(*packet) == text);
    }
}

TEST_CASE("malformed packets are refused", "[socketio]") {
    const std::string deep = "2[\"a\"," + std::string(500, '[') + std::string(500, ']') + "]";
    for (const std::string& text :
         std::vector<std::string>{"",
                                  "7",
                                  "abc",
                                  "-1",
                                  "0[]",
                                  "0\"x\"",
                                  "0null",
                                  "0{",
                                  "1{}",
                                  "1[]",
                                  "1\"x\"",
                                  "2",
                                  "2{}",
                                  "2[]",
                                  "2[{}]",
                                  "2[[\"a\"]]",
                                  "2[null]",
                                  "2[true]",
                                  "2[\"a\",]",
                                  "2[\"a\"]x",
                                  "2[\"a\" 1]",
                                  "2[\"connect\"]",
                                  "2[\"connect_error\"]",
                                  "2[\"disconnect\"]",
                                  "2[\"disconnecting\"]",
                                  "2[\"newListener\"]",
                                  "2[\"removeListener\"]",
                                  "2x[\"a\"]",
                                  "2-1[\"a\"]",
                                  "29007199254740992[\"a\"]",
                                  "299999999999999999999[\"a\"]",
                                  "3[]",
                                  "31{}",
                                  "31",
                                  "3[\"a\"]",
                                  "4{\"message\":\"x\"}",
                                  "5[\"a\"]",
                                  "50-[\"a\"]",
                                  "511-[\"a\"]",
                                  "51[\"a\"]",
                                  "5-[\"a\"]",
                                  "5x-[\"a\"]",
                                  "51-[\"a\",{\"_placeholder\":true,\"num\":1}]",
                                  "51-[\"a\",{\"_placeholder\":true,\"num\":-1}]",
                                  "51-[\"a\",{\"_placeholder\":true}]",
                                  "51-[\"a\",{\"_placeholder\":true,\"num\":\"0\"}]",
                                  "51-[\"a\",{\"_placeholder\":true,\"num\":0.5}]",
                                  "51-",
                                  "2/n",
                                  "2/n,",
                                  "2[\"a\nb\"]",
                                  "2[\"\\x\"]",
                                  "2[\"\\u12g4\"]",
                                  "2[01]",
                                  "2[1.]",
                                  "2[.5]",
                                  "2[1e]",
                                  "2[+1]",
                                  "2[\"a\",nul]",
                                  "2[\"a\",NaN]",
                                  "2[\"a\",{\"b\"}]",
                                  "2[\"a\",{b:1}]",
                                  deep,
                                  "2/" + std::string(300, 'n') + ",[\"a\"]"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_packet(text, {}).has_value());
    }
}

TEST_CASE("events are written with their namespace, id and attachments", "[socketio]") {
    CHECK(encode_event("/", "emit", "{\"data\":1.50}") == R"(2["emit",{"data":1.50}])");
    CHECK(encode_event("/live", "totals", "") == R"(2/live,["totals"])");
    CHECK(encode_event("/live", "a\"b", "1,2", 1, 9) == R"(51-/live,9["a\"b",1,2])");
    CHECK(encode_packet({.type = PacketType::connect, .data = R"({"sid":"x"})"}) ==
          R"(0{"sid":"x"})");
    CHECK(encode_packet({.type = PacketType::disconnect, .nsp = "/n"}) == "1/n,");
}

TEST_CASE("JSON is checked without being built", "[socketio]") {
    for (const char* good : {"", "1", " 1 , 2 ", R"("a",{"b":[]},-0.5e+3,true,false,null)", "[]"}) {
        CAPTURE(good);
        CHECK(is_json_list(good));
    }
    for (const char* bad : {",", "1,", "1 2", "]", "\"", "\"\\\"", "{\"a\":}", "{\"a\":1,}", "[1,]",
                            "tru", "- 1", "\"\\u12\"", "\x01"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_json_list(bad));
    }
    CHECK(is_json_string(R"("a\u00e9\n")"));
    CHECK_FALSE(is_json_string(R"("a" "b")"));
    CHECK(is_json_object(R"( {"a":{}} )"));
    CHECK_FALSE(is_json_object("[]"));
}
