// SPDX-License-Identifier: Apache-2.0
// Goal: a topic list is read with every mistake at its line, and a topic that differs from the list
// is told apart from one that agrees. Method: texts and values in, no broker.
#include "topic_list.hpp"

#include "catch.hpp"

using namespace weir;

namespace {

struct Reading {
    std::vector<kafka::TopicSpec> topics;
    std::vector<std::string> mistakes;
};

Reading read(std::string_view text) {
    Reading reading;
    const auto table = config::parse_toml(text, "list");
    REQUIRE(table.ok());
    reading.topics = topics::read_topic_list(*table, "list", reading.mistakes);
    return reading;
}

}  // namespace

TEST_CASE("a list gives names, partitions, replication and configs", "[topics]") {
    const auto [list, mistakes] = read(R"(
[[topic]]
name = "in"
partitions = 4
config = { "retention.ms" = 600000, "cleanup.policy" = "delete" }
[[topic]]
name = "out"
partitions = 1
replication = 3
)");
    CHECK(mistakes.empty());
    REQUIRE(list.size() == 2);
    CHECK(list[0].name == "in");
    CHECK(list[0].partitions == 4);
    CHECK(list[0].replication == kafka::TopicSpec::broker_default);
    CHECK(list[0].config.at("retention.ms") == "600000");
    CHECK(list[0].config.at("cleanup.policy") == "delete");
    CHECK(list[1].replication == 3);
}

TEST_CASE("every mistake of a list is named at its line", "[topics]") {
    struct Case {
        const char* text;
        const char* mistake;
    };
    const Case cases[] = {
        {"[[topic]]\npartitions = 1", "list line 1: a topic without a name"},
        {"[[topic]]\nname = \"a\"", "list line 1: a topic without a number of partitions"},
        {"[[topic]]\nname = \"a b\"\npartitions = 1", "line 2: name: \"a b\" is no topic name"},
        {"[[topic]]\nname = \"..\"\npartitions = 1", "list line 2: name: \"..\" is no topic name"},
        {"[[topic]]\nname = \"a\"\npartitions = 0", "partitions: expected 1 to 10000, got 0"},
        {"[[topic]]\nname = \"a\"\npartitions = \"4\"", "partitions: expected 1 to 10000, got 4"},
        {"[[topic]]\nname = \"a\"\npartitions = 1\nreplicas = 3", "unknown key \"replicas\""},
        {"[[topic]]\nname = \"a\"\npartitions = 1\n[topic.config]\nretention.ms = 1",
         "config: \"retention\": expected a plain value; a name with dots needs quotes"},
        {"[[topic]]\nname = \"a\"\npartitions = 1\n[[topic]]\nname = \"a\"\npartitions = 1",
         "topic a is listed twice"},
        {"[[topics]]\nname = \"a\"", "\"topics\": expected nothing but [[topic]]"},
        {"", "list: no [[topic]] in it"},
    };
    for (const Case& item : cases) {
        const auto mistakes = read(item.text).mistakes;
        INFO(item.text);
        REQUIRE(!mistakes.empty());
        INFO(mistakes.front());
        CHECK(mistakes.front().find(item.mistake) != std::string::npos);
    }
}

TEST_CASE("a topic is compared by partitions, replication and the configs listed", "[topics]") {
    const kafka::TopicSpec wanted{
        .name = "in", .partitions = 4, .replication = 3, .config = {{"retention.ms", "600000"}}};
    kafka::TopicState found{.name = "in",
                            .partitions = 4,
                            .replication = 3,
                            .config = {{"retention.ms", "600000.0"}, {"segment.ms", "1"}}};

    const auto same = topics::compare(wanted, found);
    CHECK(same.partitions.empty());
    CHECK(same.others.empty());

    found.partitions = 2;
    found.replication = 1;
    found.config = {{"retention.ms", "5"}};
    const auto other = topics::compare(wanted, found);
    CHECK(other.partitions == "partitions: expected 4, found 2");
    REQUIRE(other.others.size() == 2);
    CHECK(other.others[0] == "replication: expected 3, found 1");
    CHECK(other.others[1] == "retention.ms: expected 600000, found 5");

    found.config.clear();
    CHECK(topics::compare(wanted, found).others.back() ==
          "retention.ms: the brokers know no such config");
}
