// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aggregation/from.hpp"
#include "aggregation/rules.hpp"
#include "config/command.hpp"
#include "kafka/consumer.hpp"
#include "kafka/options.hpp"
#include "window/checkpoint_formats.hpp"

namespace weir::aggregator {

/// What a reading and a result are, others need to know, too.
using namespace aggregation;

enum class Guarantee {
    exactly_once,   ///< results and input offsets in one transaction
    at_least_once,  ///< results first, offsets after: repeated after a crash
};

constexpr auto choices_of(Guarantee) {
    return std::array{std::pair{std::string_view("exactly-once"), Guarantee::exactly_once},
                      std::pair{std::string_view("at-least-once"), Guarantee::at_least_once}};
}

/// Where a partition begins that the group has never committed.
enum class Start { earliest, latest };

constexpr auto choices_of(Start) {
    return std::array{std::pair{std::string_view("earliest"), Start::earliest},
                      std::pair{std::string_view("latest"), Start::latest}};
}

/// Where a run ends.
enum class Until {
    never,
    end,  ///< that the input has when the run begins
};

constexpr auto choices_of(Until) {
    return std::array{std::pair{std::string_view("never"), Until::never},
                      std::pair{std::string_view("end"), Until::end}};
}

/// What --results looks like.
enum class ResultsForm {
    automatic,  ///< a table on a terminal, else lines
    lines,      ///< the values that --output would get, one a line
    table,
};

constexpr auto choices_of(ResultsForm) {
    return std::array{std::pair{std::string_view("auto"), ResultsForm::automatic},
                      std::pair{std::string_view("lines"), ResultsForm::lines},
                      std::pair{std::string_view("table"), ResultsForm::table}};
}

struct Options : Rules {
    kafka::Options kafka;
    std::string input;  ///< of the topics a bounded run has those that are not empty
    std::string output;
    std::string late;
    std::string dead_letter;
    std::string partial;  ///< empty: no partial results
    std::string group = "aggregator";
    kafka::Assignment assignment = kafka::Assignment::cooperative;
    Start start = Start::earliest;
    bool reset = false;

    milliseconds idle = std::chrono::seconds{5};
    std::uint64_t skewed_keys = 10;
    std::uint64_t open_windows_max = 10'000'000;
    milliseconds partial_every = std::chrono::seconds{1};

    std::optional<milliseconds> expect_every;  ///< empty: nobody is missed
    std::string status;
    std::uint64_t expected_keys_max = 100'000;

    Guarantee guarantee = Guarantee::exactly_once;
    std::string transactional_id;  ///< empty: derived, see TransactionalId
    milliseconds commit_interval = std::chrono::seconds{1};
    milliseconds commit_linger{50};
    std::uint64_t commit_records_max = 50'000;
    int checkpoint_format = window::checkpoint_formats().standard;

    Until until = Until::never;
    From from;
    std::vector<std::string> files;  ///< empty: the input is a topic
    std::string results;             ///< empty: they go to the topic `output`
    ResultsForm results_form = ResultsForm::automatic;
    Bytes line_bytes_max{16ULL << 20};
    milliseconds stall_timeout = std::chrono::minutes{1};

    void declare(config::Command& command);

    /// Whether the run has an end.
    [[nodiscard]] bool bounded() const { return until == Until::end || !files.empty(); }

private:
    void declare_topics(config::Command& command);
    void declare_clocks(config::Command& command);
    void declare_open_windows(config::Command& command);
    void declare_absence(config::Command& command);
    void declare_guarantee(config::Command& command);
    void declare_bounded(config::Command& command);
    void check(std::vector<std::string>& mistakes) const;
    void check_topics(std::vector<std::string>& mistakes) const;
    void check_absence(std::vector<std::string>& mistakes) const;
    void check_bounded(std::vector<std::string>& mistakes) const;
};

}  // namespace weir::aggregator
