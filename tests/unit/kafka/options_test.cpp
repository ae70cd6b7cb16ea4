// SPDX-License-Identifier: Apache-2.0
// Goal: a mistake in a Kafka property is found before any network is touched, what a guarantee
// rests on cannot be changed, and a secret is never printed. Method: load options from values.
#include "kafka/options.hpp"

#include "catch.hpp"
#include "kafka/consumer.hpp"
#include "kafka/producer.hpp"

using namespace weir;

namespace {

struct Example {
    kafka::Options options;
    config::Command command{"example", "Shows Kafka's options."};

    Example() { options.declare(command); }
    config::Outcome load(std::vector<std::string> arguments,
                         std::map<std::string, std::string> environment = {}) {
        return command.load({std::move(arguments), std::move(environment)});
    }
};

}  // namespace

TEST_CASE("librdkafka's own properties are taken and checked by librdkafka", "[kafka]") {
    Example good;
    CHECK(good.load({"--kafka", "socket.timeout.ms=1000", "--kafka", "client.rack=a=b"}).run);
    REQUIRE(good.options.properties.size() == 2);
    CHECK(good.options.properties[1].value == "a=b");

    struct Case {
        const char* property;
        const char* mistake;
    };
    const Case cases[] = {
        {"no.such.property=1", "No such configuration property: \"no.such.property\""},
        {"socket.timeout.ms=soon", "socket.timeout.ms"},
        {"socket.timeout.ms=1", "socket.timeout.ms"},
        {"socket.timeout.ms", "expected KEY=VALUE"},
        {"=1", "expected KEY=VALUE"},
        {"bootstrap.servers=a:1", "use --bootstrap-servers"},
        {"enable.auto.commit=true", "the service commits"},
        {"acks=1", "the service needs all"},
        {"isolation.level=read_uncommitted", "may not be set here"},
    };
    for (const Case& item : cases) {
        Example bad;
        const auto outcome = bad.load({"--kafka", item.property});
        INFO(item.property << ": " << outcome.errors);
        CHECK(outcome.exit_code == 2);
        CHECK(outcome.errors.find(item.mistake) != std::string::npos);
    }
}

TEST_CASE("secrets are read one a line and never printed", "[kafka]") {
    Example example;
    const std::string lines = "# the login\nsasl.username=me\nsasl.password=hunter2";
    const auto outcome = example.load({"--kafka", "ssl.key.password=hunter2", "--print-config"},
                                      {{"WEIR_KAFKA_SECRETS", lines}});
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.output.find("hunter2") == std::string::npos);
    REQUIRE(example.options.secrets.list.size() == 2);
    CHECK(example.options.secrets.list[1].value == "hunter2");

    Example refused;
    const auto errors = refused.load({}, {{"WEIR_KAFKA_SECRETS", "sasl.password hunter2"}}).errors;
    CHECK(!errors.empty());
    CHECK(errors.find("hunter2") == std::string::npos);
}

TEST_CASE("clients open without a network and say which property keeps them from it", "[kafka]") {
    kafka::Options options;
    options.bootstrap_servers = "127.0.0.1:1";
    CHECK(kafka::Producer::open(options, {}).ok());
    CHECK(kafka::Consumer::open(options, {.group = "g"}).ok());

    // Each value is legal alone, so only the client as a whole can refuse them.
    options.properties = {{"security.protocol", "SASL_SSL"},
                          {"ssl.ca.location", "/no/such/file.pem"}};
    const auto refused = kafka::Producer::open(options, {});
    REQUIRE(!refused.ok());
    CHECK(refused.error().meaning == kafka::Meaning::fatal);
    CHECK(refused.error().message.find("creating the Kafka client") != std::string::npos);
}
