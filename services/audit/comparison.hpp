// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "written_row.hpp"

namespace weir::audit {

/// The rows of one results topic, and what part of the input they cover.
class Results {
public:
    explicit Results(std::string topic) : topic_(std::move(topic)) {}

    /// `log_is_cut`: rows are gone from the beginning of the partition that this one is in.
    void add(WrittenRow row, bool log_is_cut);

    /// By key and window; of several revisions all, in the order in which they were written.
    using Rows = std::map<std::pair<std::string, Span>, std::vector<WrittenRow>>;
    /// An input partition, `<topic>/<partition>`.
    using Stream = std::string;

    /// Windows are written by rising ends. So up to the greatest end that a topic has of an input
    /// partition all windows that will ever come are there; from the end of the first one on where
    /// the topic has lost its beginning, and whole after the start of the last one marked
    /// incomplete.
    struct Coverage {
        EventTime starts_after = EventTime::min();
        EventTime ends_after = EventTime::min();
        EventTime ends_by = EventTime::min();
        Offset last{};  ///< the greatest offset that took part
    };

    [[nodiscard]] const std::string& topic() const { return topic_; }
    [[nodiscard]] const Rows& rows() const { return rows_; }
    [[nodiscard]] const std::map<Stream, Coverage>& coverage() const { return coverage_; }
    /// An estimate of the memory taken.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    std::string topic_;
    Rows rows_;
    std::map<Stream, Coverage> coverage_;
    std::set<std::pair<Stream, Partition>> cut_;  ///< where the first row was looked at
    std::uint64_t bytes_ = 0;
};

/// How the rows of two topics compare over the range both cover.
struct Comparison {
    std::uint64_t alike = 0;
    std::uint64_t different = 0;
    std::uint64_t only_in_first = 0;
    std::uint64_t only_in_second = 0;
    /// Of either topic, beyond the range both cover.
    std::uint64_t outside_in_first = 0;
    std::uint64_t outside_in_second = 0;
    std::vector<std::string> examples;  ///< a sentence for each of the first that differ
    std::vector<std::string> notes;     ///< what could not be compared

    [[nodiscard]] std::uint64_t differences() const {
        return different + only_in_first + only_in_second;
    }
    [[nodiscard]] std::uint64_t compared() const { return alike + differences(); }
};

/// Compares by key and window the rows that count: those with the greatest revision, among those
/// made of what both topics have seen of the input. Values are compared byte for byte.
Comparison compare(const Results& first, const Results& second, std::uint64_t examples_max);

}  // namespace weir::audit
