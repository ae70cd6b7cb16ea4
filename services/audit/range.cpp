// SPDX-License-Identifier: Apache-2.0
#include "range.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "aggregation/fingerprint.hpp"

namespace weir::audit {
namespace {

/// A partition that is named and is none; empty when all are there.
template <typename Offsets>
std::string unknown_partition(const Offsets& offsets, const char* option, std::size_t count,
                              const std::string& topic) {
    for (const auto& [partition, offset] : offsets)
        if (number(partition) < 0 || static_cast<std::size_t>(number(partition)) >= count)
            return fmt::format("--{}: expected partitions 0 to {} of {}, got {}", option, count - 1,
                               topic, number(partition));
    return {};
}

Result<Offset> begin_of(const Options& options, Topics& topics, const Extent& log) {
    if (options.from.time) {
        const auto found = topics.first_since(log.where, *options.from.time);
        if (!found) return found.error();
        return std::clamp(*found, log.begin, log.end);
    }
    const auto named = options.from.offsets.find(log.where.partition);
    if (named == options.from.offsets.end()) return log.begin;
    if (named->second < log.begin)
        return Error{
            fmt::format("partition {} of {} begins at {}: retention has taken what --from "
                        "{} names",
                        number(log.where.partition), log.where.topic, number(log.begin),
                        number(named->second))};
    return named->second;
}

/// Up to what was committed, whatever is asked for.
Result<void> end_at_commit(const Options& options, const aggregation::Fingerprint& fingerprint,
                           const std::optional<kafka::Position>& committed, Range& range) {
    if (!committed) {
        range.end = range.begin;
        range.note = fmt::format("partition {}: group {} has committed nothing",
                                 number(range.where.partition), options.group);
        return {};
    }
    if (committed->offset > range.end)
        return Error{
            fmt::format("group {} has committed offset {} of partition {} of {}, which "
                        "ends at {}: the topic was created anew or has lost records",
                        options.group, number(committed->offset), number(range.where.partition),
                        range.where.topic, number(range.end))};
    range.end = committed->offset;
    const auto named = options.until.offsets.find(range.where.partition);
    if (named != options.until.offsets.end()) range.end = std::min(range.end, named->second);
    const auto metadata = aggregation::decode_metadata(committed->metadata);
    if (!metadata) {
        range.note = fmt::format(
            "partition {}: the committed offset has no checkpoint that could be read ({}): closes "
            "by the clock are told from the rows alone",
            number(range.where.partition), metadata.error().message);
        return {};
    }
    if (metadata->hash != fingerprint.hash())
        return Error{fmt::format("group {} computes with other options than these: {}",
                                 options.group,
                                 fmt::join(fingerprint.differences(metadata->fingerprint), "; "))};
    range.checkpoint = metadata->checkpoint;
    return {};
}

}  // namespace

Result<std::vector<Range>> find_ranges(const Options& options, Topics& topics) {
    const bool bounded = options.until.kind == Until::Kind::end;
    std::vector<std::optional<kafka::Position>> commits;
    auto logs = topics.extents(options.input);
    if (!logs) return logs.error();
    if (!bounded) {
        auto found = topics.committed(options.kafka, options.group, *logs);
        if (!found) return found.error();
        commits = std::move(*found);
        if (std::none_of(commits.begin(), commits.end(), [](const auto& each) { return each; }))
            return Error{
                fmt::format("group {} has committed nothing of {}", options.group, options.input)};
        // Once more: what has been committed is in the log, and the log may have grown.
        logs = topics.extents(options.input);
        if (!logs) return logs.error();
    }
    for (std::string mistake :
         {unknown_partition(options.from.offsets, "from", logs->size(), options.input),
          unknown_partition(options.until.offsets, "until", logs->size(), options.input)})
        if (!mistake.empty()) return Error{std::move(mistake)};

    const aggregation::Fingerprint fingerprint(options, static_cast<int>(logs->size()));
    std::vector<Range> ranges;
    for (std::size_t i = 0; i < logs->size(); ++i) {
        const Extent& log = (*logs)[i];
        const auto begin = begin_of(options, topics, log);
        if (!begin) return begin.error();
        Range range{.where = log.where, .begin = *begin, .end = log.end};
        range.log_is_cut = range.begin > Offset{0};
        if (!bounded)
            if (auto ended = end_at_commit(options, fingerprint, commits[i], range); !ended)
                return ended.error();
        range.end = std::max(range.begin, range.end);
        ranges.push_back(std::move(range));
    }
    return ranges;
}

}  // namespace weir::audit
