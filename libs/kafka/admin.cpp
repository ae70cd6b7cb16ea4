// SPDX-License-Identifier: Apache-2.0
#include "kafka/admin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "kafka/client.hpp"

namespace weir::kafka {

using std::chrono::milliseconds;

struct Admin::State {
    explicit State(const std::string& client_id) : reachability(client_id) {}

    Reachability reachability;
    ClientCallbacks callbacks{&reachability, this};
    Handle<rd_kafka_t, rd_kafka_destroy> client;
};

namespace {

using AdminOptions = Handle<rd_kafka_AdminOptions_t, rd_kafka_AdminOptions_destroy>;
using NewTopic = Handle<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using Config = std::map<std::string, std::string>;
using ConfigResource = Handle<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;

AdminOptions admin_options(rd_kafka_t* client, rd_kafka_admin_op_t operation,
                           milliseconds timeout) {
    AdminOptions options(rd_kafka_AdminOptions_new(client, operation));
    std::array<char, 256> words{};
    rd_kafka_AdminOptions_set_request_timeout(options.get(), milliseconds_int(timeout),
                                              words.data(), words.size());
    return options;
}

/// Waits for the one answer of an admin request.
Outcome<EventHandle> answer(rd_kafka_queue_t* queue, std::string_view doing, milliseconds timeout) {
    // The request has its own time-out; this one is longer, so that its words are heard.
    EventHandle event(rd_kafka_queue_poll(queue, milliseconds_int(timeout) + 1000));
    if (event == nullptr) return failure_of(doing, RD_KAFKA_RESP_ERR__TIMED_OUT);
    const auto code = rd_kafka_event_error(event.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failure_of(doing, code, rd_kafka_event_error_string(event.get()));
    return event;
}

TopicState topic_state(const rd_kafka_metadata_topic_t& topic) {
    TopicState state{.name = topic.topic, .partitions = topic.partition_cnt};
    for (int i = 0; i < topic.partition_cnt; ++i) {
        const int replicas = topic.partitions[i].replica_cnt;
        state.replication = i == 0 ? replicas : std::min(state.replication, replicas);
        state.has_leaders = state.has_leaders && topic.partitions[i].leader >= 0;
    }
    return state;
}

Outcome<NewTopic> new_topic(const TopicSpec& spec) {
    std::array<char, 256> words{};
    NewTopic topic(rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions, spec.replication,
                                         words.data(), words.size()));
    if (topic == nullptr)
        return Failure{Meaning::rejected, RD_KAFKA_RESP_ERR__INVALID_ARG,
                       fmt::format("describing topic {}: {}", spec.name, words.data())};
    for (const auto& [key, value] : spec.config)
        rd_kafka_NewTopic_set_config(topic.get(), key.c_str(), value.c_str());
    return topic;
}

/// The configs in force of several resources, by their names.
Outcome<std::map<std::string, Config>> configs_of(rd_kafka_t* client,
                                                  std::span<const ConfigResource> resources,
                                                  const char* doing, milliseconds timeout) {
    std::vector<rd_kafka_ConfigResource_t*> borrowed;
    for (const ConfigResource& resource : resources)
        borrowed.push_back(resource.get());
    const QueueHandle queue(rd_kafka_queue_new(client));
    const auto options = admin_options(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout);
    rd_kafka_DescribeConfigs(client, borrowed.data(), borrowed.size(), options.get(), queue.get());
    const auto event = answer(queue.get(), doing, timeout);
    if (!event) return event.error();

    std::map<std::string, Config> configs;
    std::size_t count = 0;
    const auto* described = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event->get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto code = rd_kafka_ConfigResource_error(described[i]);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
            return failure_of(doing, code, rd_kafka_ConfigResource_error_string(described[i]));
        Config& config = configs[rd_kafka_ConfigResource_name(described[i])];
        std::size_t entries = 0;
        const auto* found = rd_kafka_ConfigResource_configs(described[i], &entries);
        for (std::size_t entry = 0; entry < entries; ++entry)
            if (const char* value = rd_kafka_ConfigEntry_value(found[entry]))
                config[rd_kafka_ConfigEntry_name(found[entry])] = value;
    }
    return configs;
}

}  // namespace

// A consumer, because its metadata requests never create a topic.
Outcome<Admin> Admin::open(const Options& options, const std::string& client_id) {
    auto state = std::make_unique<State>(client_id);
    ClientConf conf(options, client_id, state->callbacks);
    conf.fix("enable.auto.commit", "false");
    auto client = conf.create(RD_KAFKA_CONSUMER);
    if (!client) return client.error();
    state->client.reset(*client);
    return Admin(std::move(state));
}

Admin::Admin(std::unique_ptr<State> state) : state_(std::move(state)) {}
Admin::Admin(Admin&&) noexcept = default;
Admin& Admin::operator=(Admin&&) noexcept = default;
Admin::~Admin() = default;

Outcome<std::vector<TopicState>> Admin::list(milliseconds timeout) {
    constexpr int all_topics = 1;
    const rd_kafka_metadata_t* raw = nullptr;
    const auto code = rd_kafka_metadata(state_->client.get(), all_topics, nullptr, &raw,
                                        milliseconds_int(timeout));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure_of("listing topics", code);
    const Handle<const rd_kafka_metadata_t, rd_kafka_metadata_destroy> metadata(raw);
    std::vector<TopicState> topics;
    for (int i = 0; i < metadata->topic_cnt; ++i)
        if (metadata->topics[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
            topics.push_back(topic_state(metadata->topics[i]));
    return topics;
}

Outcome<void> Admin::describe(std::span<TopicState> topics, milliseconds timeout) {
    if (topics.empty()) return {};
    std::vector<ConfigResource> resources;
    for (const TopicState& topic : topics)
        resources.emplace_back(
            rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.name.c_str()));
    auto described = configs_of(state_->client.get(), resources, "reading topic configs", timeout);
    if (!described) return described.error();
    for (TopicState& topic : topics)
        topic.config = std::move((*described)[topic.name]);
    return {};
}

Outcome<Config> Admin::broker_config(milliseconds timeout) {
    constexpr const char* doing = "reading a broker's config";
    constexpr int known_topics = 0;
    const rd_kafka_metadata_t* raw = nullptr;
    const auto code = rd_kafka_metadata(state_->client.get(), known_topics, nullptr, &raw,
                                        milliseconds_int(timeout));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure_of(doing, code);
    const Handle<const rd_kafka_metadata_t, rd_kafka_metadata_destroy> metadata(raw);
    if (metadata->broker_cnt == 0) return failure_of(doing, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    const std::string id = std::to_string(metadata->brokers[0].id);
    std::vector<ConfigResource> resources;
    resources.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, id.c_str()));
    auto described = configs_of(state_->client.get(), resources, doing, timeout);
    if (!described) return described.error();
    return std::move((*described)[id]);
}

Outcome<std::vector<Created>> Admin::create(std::span<const TopicSpec> topics, Mode mode,
                                            milliseconds timeout) {
    constexpr const char* doing = "creating topics";
    std::vector<Created> fates;
    if (topics.empty()) return fates;
    std::vector<NewTopic> owned;
    std::vector<rd_kafka_NewTopic_t*> wanted;
    for (const TopicSpec& spec : topics) {
        auto topic = new_topic(spec);
        if (!topic) return topic.error();
        wanted.push_back(topic->get());
        owned.push_back(std::move(*topic));
    }
    rd_kafka_t* client = state_->client.get();
    const QueueHandle queue(rd_kafka_queue_new(client));
    const auto options = admin_options(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout);
    std::array<char, 256> words{};
    rd_kafka_AdminOptions_set_validate_only(options.get(), mode == Mode::validate_only ? 1 : 0,
                                            words.data(), words.size());
    rd_kafka_CreateTopics(client, wanted.data(), wanted.size(), options.get(), queue.get());
    const auto event = answer(queue.get(), doing, timeout);
    if (!event) return event.error();

    std::size_t count = 0;
    const auto* results = rd_kafka_CreateTopics_result_topics(
        rd_kafka_event_CreateTopics_result(event->get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        Created fate{.name = rd_kafka_topic_result_name(results[i])};
        const auto code = rd_kafka_topic_result_error(results[i]);
        fate.existed = code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR && !fate.existed)
            fate.failure = failure_of(fmt::format("creating topic {}", fate.name), code,
                                      rd_kafka_topic_result_error_string(results[i]));
        fates.push_back(std::move(fate));
    }
    return fates;
}

}  // namespace weir::kafka
