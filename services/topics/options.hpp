// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/command.hpp"
#include "kafka/admin.hpp"
#include "kafka/options.hpp"

namespace weir::topics {

/// What to do about a topic whose replication or config is not the list's.
enum class Differences { warn, fail };

constexpr auto choices_of(Differences) {
    using namespace std::string_view_literals;
    return std::array{std::pair{"warn"sv, Differences::warn},
                      std::pair{"fail"sv, Differences::fail}};
}

struct Options {
    kafka::Options kafka;
    std::string file;
    std::chrono::milliseconds wait = std::chrono::seconds{60};
    Differences differences = Differences::warn;

    /// The list in `file`; set once the options are loaded.
    std::vector<kafka::TopicSpec> topics;

    /// Declares all of it; the list is read and checked while the options are.
    void declare(config::Command& command);
};

}  // namespace weir::topics
