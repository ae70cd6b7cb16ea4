// SPDX-License-Identifier: Apache-2.0
#include "compare_job.hpp"

#include <fmt/format.h>

#include "base/units.hpp"
#include "comparison.hpp"
#include "row_reading.hpp"
#include "topics.hpp"

namespace weir::audit {
namespace {

/// Reads all rows of a topic. `bytes_before`: what others hold already.
Result<void> load(Topics& topics, const std::vector<Extent>& extents, Bytes memory_max,
                  std::uint64_t bytes_before, Results& results) {
    for (const Extent& extent : extents) {
        auto read = topics.read(extent, [&](const kafka::RecordView& record) -> Result<void> {
            auto row = read_row(record);
            if (!row) return row.error();
            results.add(std::move(*row), extent.begin > Offset{0});
            if (bytes_before + results.bytes() <= memory_max.count) return {};
            return Error{
                fmt::format("the rows of the topics need more than --memory-max {}: {} of "
                            "{} were read up to {}:{}",
                            format_bytes(memory_max), results.rows().size(), record.topic,
                            number(record.partition), number(record.offset))};
        });
        if (!read) return read;
    }
    return {};
}

void print(const Comparison& found, const Options& options) {
    for (const std::string& example : found.examples)
        fmt::print("{}\n", example);
    if (found.differences() > found.examples.size())
        fmt::print("and {} more\n", found.differences() - found.examples.size());
    for (const std::string& note : found.notes)
        fmt::print("note: {}\n", note);
    fmt::print("{:>12}  alike\n{:>12}  different\n", found.alike, found.different);
    fmt::print("{:>12}  only in {}\n", found.only_in_first, options.output);
    fmt::print("{:>12}  only in {}\n", found.only_in_second, options.compare);
    fmt::print("{:>12}  of {} outside the range both cover\n", found.outside_in_first,
               options.output);
    fmt::print("{:>12}  of {} outside the range both cover\n", found.outside_in_second,
               options.compare);
    fmt::print("{}\n", found.differences() == 0 ? "alike" : "DIFFERENT");
}

}  // namespace

Result<bool> run_comparison(const Options& options) {
    auto topics = Topics::open(options.kafka, options.stall_timeout);
    if (!topics) return topics.error();
    const auto first_extents = topics->extents(options.output);
    if (!first_extents) return first_extents.error();
    const auto second_extents = topics->extents(options.compare);
    if (!second_extents) return second_extents.error();
    topics->expect(*first_extents);
    topics->expect(*second_extents);

    Results first(options.output);
    Results second(options.compare);
    if (auto read = load(*topics, *first_extents, options.memory_max, 0, first); !read)
        return read.error();
    if (auto read = load(*topics, *second_extents, options.memory_max, first.bytes(), second);
        !read)
        return read.error();
    topics->report_follows();
    const Comparison found = compare(first, second, options.examples);
    print(found, options);
    if (found.compared() == 0)
        return Error{fmt::format("the rows of {} and {} have no range in common", options.output,
                                 options.compare)};
    return found.differences() == 0;
}

}  // namespace weir::audit
