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

/// The longest time between two results, and when it began; in milliseconds, the latter since 1970.
struct Gap {
    std::int64_t length = 0;
    std::int64_t begin = 0;
};

Gap longest_gap(std::vector<std::int64_t> times) {
    std::sort(times.begin(), times.end());
    Gap longest;
    for (std::size_t i = 1; i < times.size(); ++i)
        if (times[i] - times[i - 1] > longest.length)
            longest = {times[i] - times[i - 1], times[i - 1]};
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
    const Gap gap = longest_gap(findings.row_times_ms);
    const std::string counts = fmt::format(R"("rows":{},"late":{},"dead":{})", json(findings.rows),
                                           json(findings.late), json(findings.dead));
    return fmt::format(
        R"({{"exact":{},"records":{},{},"longest_gap_ms":{},"longest_gap_from":"{}"}})", exact,
        findings.records, counts, gap.length, time_text(gap.begin * 1000));
}

}  // namespace weir::chaos
