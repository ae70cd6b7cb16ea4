// SPDX-License-Identifier: Apache-2.0
#include "comparison.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "topics.hpp"

namespace weir::chaos {
namespace {

Result<void> compare(const Topics& topics, const Names& names, int partition,
                     Expectation::Windows windows, Findings& findings) {
    Expectation expectation(windows);
    auto outcome = topics.read(names.input, partition, [&](const Record& record) {
        expectation.take(record.offset, record.timestamp_ms, record.key, record.value);
    });
    expectation.finish();
    Judge judge(expectation, names.input, partition, findings);
    const auto read = [&](const std::string& topic, void (Judge::*with)(const Record&)) {
        if (outcome)
            outcome = topics.read(topic, partition, [&](const Record& r) { (judge.*with)(r); });
    };
    read(names.output, &Judge::row);
    read(names.late, &Judge::late);
    read(names.dead, &Judge::dead);
    judge.finish();
    return outcome;
}

std::string json(const Count& count) {
    return fmt::format(
        R"({{"expected":{},"found":{},"missing":{},"duplicate":{},"wrong":{},"disordered":{}}})",
        count.expected, count.found, count.missing, count.duplicate, count.wrong, count.disordered);
}

std::int64_t longest_gap(std::vector<std::int64_t> times) {
    std::sort(times.begin(), times.end());
    std::int64_t longest = 0;
    for (std::size_t i = 1; i < times.size(); ++i)
        longest = std::max(longest, times[i] - times[i - 1]);
    return longest;
}

}  // namespace

Result<Findings> compare(const std::string& bootstrap_servers, const Names& names,
                         Expectation::Windows windows) {
    auto topics = Topics::open(bootstrap_servers);
    if (!topics) return topics.error();
    const auto count = topics->partitions(names.input);
    if (!count) return count.error();
    Findings findings;
    for (int partition = 0; partition < *count; ++partition)
        if (auto outcome = compare(*topics, names, partition, windows, findings); !outcome)
            return outcome.error();
    return findings;
}

std::string json(const Findings& findings) {
    const bool exact = findings.rows.exact() && findings.late.exact() && findings.dead.exact();
    return fmt::format(
        R"({{"exact":{},"records":{},"rows":{},"late":{},"dead":{},"longest_gap_ms":{}}})", exact,
        findings.records, json(findings.rows), json(findings.late), json(findings.dead),
        longest_gap(findings.row_times_ms));
}

}  // namespace weir::chaos
