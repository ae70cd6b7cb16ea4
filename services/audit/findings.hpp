// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/types.hpp"

namespace weir::audit {

/// What was found in one partition of the input.
struct Counts {
    std::uint64_t input = 0;  ///< records
    // What became of them.
    std::uint64_t used = 0;
    std::uint64_t late = 0;
    std::uint64_t dead = 0;
    std::uint64_t filtered = 0;
    std::uint64_t open = 0;  ///< rows that have not come out at the end of the range
    std::uint64_t rows = 0;  ///< rows that were written
    // Rows, late records and dead letters that are not as they must be.
    std::uint64_t missing = 0;
    std::uint64_t duplicate = 0;
    std::uint64_t wrong = 0;
    /// Rows that cannot be judged: they are of what lies before the range, or beyond it.
    std::uint64_t outside = 0;

    Counts& operator+=(const Counts& more);
    [[nodiscard]] std::uint64_t faults() const { return missing + duplicate + wrong; }
    [[nodiscard]] bool balanced() const {
        return faults() == 0 && input == used + late + dead + filtered;
    }
};

/// Collects sentences about what is not as it must be: the first few, and how many.
class Findings {
public:
    explicit Findings(std::uint64_t examples_max) : examples_max_(examples_max) {}

    /// Counts a fault in `column` of a partition's counts; `sentence` is only called for the first.
    template <typename Sentence>
    void add(std::uint64_t& column, Sentence sentence) {
        ++column;
        ++faults_;
        if (examples_.size() < examples_max_) examples_.push_back(sentence());
    }

    [[nodiscard]] const std::vector<std::string>& examples() const { return examples_; }
    [[nodiscard]] std::uint64_t faults() const { return faults_; }

private:
    std::uint64_t examples_max_;
    std::uint64_t faults_ = 0;
    std::vector<std::string> examples_;
};

/// The counts of partitions 0, 1 … as a table, with a line for all of them.
std::string table(const std::vector<Counts>& partitions);

}  // namespace weir::audit
