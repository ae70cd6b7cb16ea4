// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <string>
#include <vector>

#include "kafka/options.hpp"

/// librdkafka's broker in memory, for errors that a real broker gives only when it is ill. It drops
/// the offsets of transactions and shows aborted records: no claim about delivery rests on it.
class MockCluster {
public:
    MockCluster() {
        rd_kafka_conf_t* conf = rd_kafka_conf_new();
        client_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
        cluster_ = rd_kafka_mock_cluster_new(client_, 1);
    }
    ~MockCluster() {
        rd_kafka_mock_cluster_destroy(cluster_);
        rd_kafka_destroy(client_);
    }
    MockCluster(const MockCluster&) = delete;
    MockCluster& operator=(const MockCluster&) = delete;

    [[nodiscard]] weir::kafka::Options options() const {
        weir::kafka::Options options;
        options.bootstrap_servers = rd_kafka_mock_cluster_bootstraps(cluster_);
        return options;
    }

    void create_topic(const std::string& name, int partitions) {
        rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1);
    }

    /// The next requests of that kind (Kafka's API key) fail with these codes, one each.
    void fail_next(std::int16_t request, const std::vector<rd_kafka_resp_err_t>& codes) {
        rd_kafka_mock_push_request_errors_array(cluster_, request, codes.size(), codes.data());
    }

    void set_down(bool down) {
        if (down)
            rd_kafka_mock_broker_set_down(cluster_, 1);
        else
            rd_kafka_mock_broker_set_up(cluster_, 1);
    }

private:
    rd_kafka_t* client_ = nullptr;
    rd_kafka_mock_cluster_t* cluster_ = nullptr;
};
