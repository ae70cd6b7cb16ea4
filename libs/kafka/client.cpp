// SPDX-License-Identifier: Apache-2.0
#include "kafka/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.hpp"

namespace weir::kafka {
namespace {

// How soon after a broker's return we say so: librdkafka reports broker states with its statistics
// only. Costs some 50 us each time.
constexpr const char* statistics_interval_ms = "2000";

ClientCallbacks& callbacks_of(void* opaque) { return *static_cast<ClientCallbacks*>(opaque); }

/// Facilities of librdkafka's log that Reachability tells better, or that are no news: a property
/// of consumers given to a producer (CONFWARN), an attempt that is repeated by itself.
bool is_noise(std::string_view facility) {
    constexpr std::array<std::string_view, 8> noise{
        "FAIL", "ERROR", "BROKERFAIL", "CONNECT", "CONFWARN", "REQTMOUT", "GETPID", "MAXPOLL"};
    return std::find(noise.begin(), noise.end(), facility) != noise.end();
}

void on_log(const rd_kafka_t* client, int level, const char* facility, const char* words) {
    constexpr int syslog_warning = 4;
    const bool quiet = level > syslog_warning || is_noise(facility);
    log::write(quiet ? log::Level::debug : log::Level::warn, "librdkafka says",
               {{"client", rd_kafka_name(client)}, {"facility", facility}, {"words", words}});
}

void on_error(rd_kafka_t* client, int code, const char* words, void* opaque) {
    const auto error = static_cast<rd_kafka_resp_err_t>(code);
    if (error == RD_KAFKA_RESP_ERR__FATAL) {
        if (const auto fatal = fatal_failure(client))
            log::error("the Kafka client is finished",
                       {{"client", rd_kafka_name(client)}, {"reason", fatal->message}});
        return;
    }
    callbacks_of(opaque).reachability->on_error(error, words);
}

int on_statistics(rd_kafka_t*, char* json, std::size_t length, void* opaque) {
    callbacks_of(opaque).reachability->on_statistics({json, length});
    return 0;  // librdkafka frees the text
}

}  // namespace

Failure failure_of(std::string_view doing, rd_kafka_error_t* error) {
    const ErrorHandle handle(error);
    const int code = rd_kafka_error_code(error);
    const ErrorFlags flags{.fatal = rd_kafka_error_is_fatal(error) != 0,
                           .requires_abort = rd_kafka_error_txn_requires_abort(error) != 0,
                           .retriable = rd_kafka_error_is_retriable(error) != 0};
    return {classify(code, flags), code,
            fmt::format("{}: {} ({})", doing, rd_kafka_error_string(error),
                        rd_kafka_error_name(error))};
}

Failure failure_of(std::string_view doing, rd_kafka_resp_err_t code, std::string_view words) {
    return {classify(code), code,
            fmt::format("{}: {} ({})", doing, words.empty() ? rd_kafka_err2str(code) : words,
                        rd_kafka_err2name(code))};
}

PartitionList partition_list(std::span<const TopicPartition> partitions) {
    PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
    for (const auto& [topic, partition] : partitions)
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), number(partition));
    return list;
}

PartitionList partition_list(std::span<const Position> positions) {
    PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
    for (const auto& [where, offset, metadata] : positions) {
        auto* element = rd_kafka_topic_partition_list_add(list.get(), where.topic.c_str(),
                                                          number(where.partition));
        element->offset = number(offset);
        if (!metadata.empty()) {
            // Freed by librdkafka with the list, hence its allocator.
            element->metadata = rd_kafka_mem_malloc(nullptr, metadata.size() + 1);
            std::copy_n(metadata.c_str(), metadata.size() + 1,
                        static_cast<char*>(element->metadata));
            element->metadata_size = metadata.size();
        }
    }
    return list;
}

TopicPartition topic_partition(const rd_kafka_topic_partition_t& element) {
    return {element.topic, Partition{element.partition}};
}

void Reachability::on_error(rd_kafka_resp_err_t code, std::string_view words) {
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        if (reachable_.exchange(false))
            log::warn("Kafka cannot be reached; trying until it can",
                      {{"client", client_id_}, {"reason", words}});
    } else if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL) {
        log::error("Kafka refuses the connection", {{"client", client_id_}, {"reason", words}});
    } else {
        log::debug("a Kafka broker connection failed", {{"client", client_id_}, {"reason", words}});
    }
}

void Reachability::on_statistics(std::string_view statistics) {
    if (!reachable() && statistics.find("\"state\":\"UP\"") != std::string_view::npos) came_back();
}

void Reachability::came_back() {
    if (!reachable_.exchange(true))
        log::info("Kafka can be reached again", {{"client", client_id_}});
}

ClientConf::ClientConf(const Options& options, const std::string& client_id,
                       ClientCallbacks& callbacks)
    : options_(options), conf_(rd_kafka_conf_new()) {
    rd_kafka_conf_set_opaque(conf_.get(), &callbacks);
    rd_kafka_conf_set_log_cb(conf_.get(), kafka::on_log);
    rd_kafka_conf_set_error_cb(conf_.get(), kafka::on_error);
    rd_kafka_conf_set_stats_cb(conf_.get(), kafka::on_statistics);
    preset("client.id", client_id);
    preset("socket.keepalive.enable", "true");
    preset("reconnect.backoff.max.ms", "2000");
    preset("log.connection.close", "false");
    preset("topic.metadata.refresh.interval.ms", "30000");
}

void ClientConf::preset(const char* key, const std::string& value) { set(key, value); }

void ClientConf::fix(std::string key, std::string value) {
    fixed_.push_back({std::move(key), std::move(value)});
}

void ClientConf::set(const char* key, const std::string& value) {
    std::array<char, 512> words{};
    const auto outcome =
        rd_kafka_conf_set(conf_.get(), key, value.c_str(), words.data(), words.size());
    if (outcome != RD_KAFKA_CONF_OK && !failure_)
        failure_ = Failure{Meaning::fatal, RD_KAFKA_RESP_ERR__INVALID_ARG,
                           fmt::format("setting the Kafka property {}: {}", key, words.data())};
}

Outcome<rd_kafka_t*> ClientConf::create(rd_kafka_type_t type) {
    fix("bootstrap.servers", options_.bootstrap_servers);
    fix("statistics.interval.ms", statistics_interval_ms);
    for (const auto* list : {&options_.properties, &options_.secrets.list, &std::as_const(fixed_)})
        for (const auto& [key, value] : *list)
            set(key.c_str(), value);
    if (failure_) return *failure_;

    std::array<char, 512> words{};
    rd_kafka_t* client = rd_kafka_new(type, conf_.get(), words.data(), words.size());
    if (client == nullptr)
        return Failure{Meaning::fatal, rd_kafka_last_error(),
                       fmt::format("creating the Kafka client: {}", words.data())};
    static_cast<void>(conf_.release());  // now the client's
    return client;
}

std::optional<Failure> fatal_failure(rd_kafka_t* client) {
    std::array<char, 512> words{};
    const auto code = rd_kafka_fatal_error(client, words.data(), words.size());
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
    return Failure{Meaning::fatal, code,
                   fmt::format("{} ({})", words.data(), rd_kafka_err2name(code))};
}

}  // namespace weir::kafka
