// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "expectation.hpp"
#include "topics.hpp"

namespace weir::chaos {

/// How what was written compares with what had to be.
struct Count {
    std::int64_t expected = 0;
    std::int64_t found = 0;
    std::int64_t missing = 0;
    std::int64_t duplicate = 0;   ///< written before, whatever it says
    std::int64_t wrong = 0;       ///< not as expected, or not expected at all
    std::int64_t disordered = 0;  ///< after one that had to come later

    [[nodiscard]] bool exact() const { return missing + duplicate + wrong + disordered == 0; }
};

/// Over all partitions.
struct Findings {
    std::int64_t records = 0;  ///< of the input
    Count rows;
    Count late;
    Count dead;
    std::vector<std::int64_t> row_times_ms;  ///< of production, of rows that a record released
    std::vector<std::string> examples;       ///< the first sentences about what is not exact

    void example(std::string sentence);
};

/// Compares what is in one partition of the output, late and dead-letter topics with what the same
/// partition of the input leads to; a device is in the same partition of all of them, because its
/// name alone decides.
class Judge {
public:
    Judge(const Expectation& expectation, std::string input, int partition, Findings& findings);

    void row(const Record& record);
    void late(const Record& record);
    void dead(const Record& record);
    /// After the last record: what is missing.
    void finish();

private:
    /// Which of the expected ones have come.
    struct Seen {
        std::vector<bool> marks;
        std::size_t furthest = 0;
    };
    /// False when it came before.
    static bool mark(Seen& seen, std::size_t index, Count& count);
    std::string row_fault(const Row& row, const Record& record) const;
    void original(const Record& record, const std::vector<Original>& expected, Seen& seen,
                  Count& count, const char* kind);
    std::string original_fault(const Original& original, const Record& record, bool late) const;
    void missing(const Seen& seen, Count& count, const char* kind,
                 const std::function<std::string(std::size_t)>& name);

    const Expectation& expectation_;
    std::string input_;
    int partition_;
    Findings& findings_;
    std::unordered_map<std::string, std::size_t> rows_by_name_;
    Seen seen_rows_;
    Seen seen_late_;
    Seen seen_dead_;
};

}  // namespace weir::chaos
