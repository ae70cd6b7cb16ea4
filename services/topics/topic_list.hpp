// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/toml.hpp"
#include "kafka/admin.hpp"

namespace weir::topics {

/// The topics of a list file:
///
///     [[topic]]
///     name = "readings"
///     partitions = 4
///     replication = 3                      # absent: the brokers' default
///     config = { "retention.ms" = 600000 }  # absent: the brokers' defaults
///
/// Adds a sentence to `mistakes` for everything wrong, with `file` and the line.
std::vector<kafka::TopicSpec> read_topic_list(const config::TomlTable& table, std::string_view file,
                                              std::vector<std::string>& mistakes);

/// How an existing topic differs from what the list asks for.
struct Comparison {
    /// Keys are spread over partitions by their number: changing it breaks the order per key and
    /// parts what belongs together.
    std::string partitions;
    std::vector<std::string> others;  ///< replication and configs, one sentence each
};

Comparison compare(const kafka::TopicSpec& wanted, const kafka::TopicState& found);

}  // namespace weir::topics
