// SPDX-License-Identifier: Apache-2.0
//
// Goal: the options read as documented, and every mistake is named. Method: load from values.
#include "options.hpp"

#include <string>
#include <vector>

#include "catch.hpp"

using namespace weir::serial_reader;
using weir::config::Command;

namespace {

struct Loaded {
    Options options;
    Command command{"serial-reader", "Reads."};
    weir::config::Outcome outcome;

    explicit Loaded(std::vector<std::string> arguments) {
        options.declare(command);
        outcome = command.load({std::move(arguments), {}});
    }
};

}  // namespace

TEST_CASE("without options it reads an Uno as device1", "[options]") {
    const Loaded loaded({});
    REQUIRE(loaded.outcome.errors.empty());
    CHECK(loaded.outcome.run);
    CHECK(loaded.options.topic() == "kafka-spark-integration/device1");
    CHECK(loaded.options.gap_topic() == "kafka-spark-integration/device1/gap");
    CHECK(loaded.options.connection().client_id == "serial-reader-device1");
}

TEST_CASE("values of every kind are read", "[options]") {
    const Loaded loaded({"--port", "/dev/ttyUSB3", "--baud", "115200", "--framing", "7E2",
                         "--device", "kitchen", "--topic-prefix", "air/home", "--payload", "number",
                         "--client-id", "mine", "--qos", "2", "--buffer-size", "1GiB"});
    REQUIRE(loaded.outcome.errors.empty());
    CHECK(loaded.options.baud == 115200);
    CHECK(loaded.options.framing == Framing{7, Framing::Parity::even, 2});
    CHECK(loaded.options.topic() == "air/home/kitchen");
    CHECK(loaded.options.payload == PayloadForm::number);
    CHECK(loaded.options.connection().client_id == "mine");
    CHECK(loaded.options.qos == weir::mqtt::Qos::exactly_once);
    CHECK(loaded.options.buffer_size.count == std::uint64_t{1} << 30);
}

TEST_CASE("names too long for a folder or a topic are refused at the start", "[options]") {
    CHECK(Loaded({"--device", std::string(255, 'd')}).outcome.run);
    CHECK(Loaded({"--device", std::string(256, 'd')}).outcome.exit_code == 2);
    CHECK(Loaded({"--topic-prefix", std::string(65'523, 'p')}).outcome.run);
    CHECK(Loaded({"--topic-prefix", std::string(65'524, 'p')}).outcome.exit_code == 2);
}

TEST_CASE("every mistake is reported with its option and value", "[options]") {
    const Loaded loaded({"--port",      "",    "--baud",         "9601",  "--framing",     "9N1",
                         "--device",    "a/b", "--topic-prefix", "air/#", "--payload",     "text",
                         "--line-max",  "4",   "--decimals",     "10",    "--silence",     "0",
                         "--in-flight", "0",   "--buffer",       "",      "--buffer-size", "1KiB",
                         "--qos",       "3"});
    CHECK_FALSE(loaded.outcome.run);
    CHECK(loaded.outcome.exit_code == 2);
    for (const char* option :
         {"--port", "--baud", "--framing", "--device", "--topic-prefix", "--payload", "--line-max",
          "--decimals", "--silence", "--in-flight", "--buffer:", "--buffer-size", "--qos"}) {
        CAPTURE(option, loaded.outcome.errors);
        CHECK(loaded.outcome.errors.find(option) != std::string::npos);
    }
    CHECK(loaded.outcome.errors.find("9601") != std::string::npos);
    CHECK(loaded.outcome.errors.find("a/b") != std::string::npos);
}
