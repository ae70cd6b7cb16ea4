// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kafka/failure.hpp"
#include "kafka/options.hpp"

namespace weir::kafka {

/// What a topic is to be like.
struct TopicSpec {
    std::string name;
    int partitions = 1;
    int replication = broker_default;
    std::map<std::string, std::string> config;  ///< topic configs by Kafka's names

    static constexpr int broker_default = -1;  ///< the brokers' default.replication.factor
};

/// What a topic is like.
struct TopicState {
    std::string name;
    int partitions = 0;
    int replication = 0;                        ///< of the partition that has the fewest replicas
    bool has_leaders = true;                    ///< every partition can be read and written
    std::map<std::string, std::string> config;  ///< values in force; empty unless asked for
};

/// The fate of one topic in create().
struct Created {
    std::string name;
    bool existed = false;
    std::optional<Failure> failure;
};

/// Creates and describes topics.
/// Threads: one. Every call waits at most the time given.
class Admin {
public:
    static Outcome<Admin> open(const Options& options, const std::string& client_id);
    Admin(Admin&&) noexcept;
    Admin& operator=(Admin&&) noexcept;
    ~Admin();

    /// The topics there are, without their configs. Also the way to wait for a broker: retriable
    /// until one answers.
    Outcome<std::vector<TopicState>> list(std::chrono::milliseconds timeout);

    /// Fills in the configs in force.
    Outcome<void> describe(std::span<TopicState> topics, std::chrono::milliseconds timeout);

    /// The configs in force of one of the brokers.
    Outcome<std::map<std::string, std::string>> broker_config(std::chrono::milliseconds timeout);

    /// Creates topics, one answer each in the order given. With validate_only the broker judges
    /// and creates nothing.
    enum class Mode { create, validate_only };
    Outcome<std::vector<Created>> create(std::span<const TopicSpec> topics, Mode mode,
                                         std::chrono::milliseconds timeout);

private:
    struct State;
    explicit Admin(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace weir::kafka
