// SPDX-License-Identifier: Apache-2.0
#include "comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace weir::audit {
namespace {

using Coverage = Results::Coverage;
using Versions = std::vector<WrittenRow>;

Results::Stream stream_of(const WrittenRow& row) {
    return fmt::format("{}/{}", row.source.topic, number(row.source.partition));
}

/// What both topics cover, by input partition.
std::map<Results::Stream, Coverage> common(const Results& first, const Results& second,
                                           std::vector<std::string>& notes) {
    std::map<Results::Stream, Coverage> both;
    const auto note = [&](const Results::Stream& stream, const Results& without) {
        notes.push_back(fmt::format("of {} there is no row in {}: it is not compared", stream,
                                    without.topic()));
    };
    for (const auto& [stream, own] : first.coverage()) {
        const auto other = second.coverage().find(stream);
        if (other == second.coverage().end())
            note(stream, second);
        else
            both[stream] = {std::max(own.starts_after, other->second.starts_after),
                            std::max(own.ends_after, other->second.ends_after),
                            std::min(own.ends_by, other->second.ends_by),
                            std::min(own.last, other->second.last)};
    }
    for (const auto& [stream, own] : second.coverage())
        if (!first.coverage().contains(stream)) note(stream, first);
    return both;
}

class Comparer {
public:
    Comparer(const Results& first, const Results& second, std::uint64_t examples_max)
        : first_(first), second_(second), examples_max_(examples_max) {
        both_ = common(first, second, found_.notes);
    }

    Comparison run() {
        for (const auto& [name, versions] : first_.rows())
            take(newest(versions), find(second_, name));
        for (const auto& [name, versions] : second_.rows())
            take_of_second(newest(versions), find(first_, name));
        return std::move(found_);
    }

private:
    /// The row that counts of those in the common range; nullptr when none is.
    const WrittenRow* newest(const Versions& versions) const {
        const WrittenRow* newest = nullptr;
        for (const WrittenRow& row : versions) {
            const auto at = both_.find(stream_of(row));
            if (at == both_.end()) continue;
            const Coverage& range = at->second;
            const bool covered = row.window.start > range.starts_after &&
                                 row.window.end > range.ends_after &&
                                 row.window.end <= range.ends_by &&
                                 (row.revision == 0 || row.source.last <= range.last);
            if (covered && (newest == nullptr || row.revision >= newest->revision)) newest = &row;
        }
        return newest;
    }

    const WrittenRow* find(const Results& results, const Results::Rows::key_type& name) const {
        const auto found = results.rows().find(name);
        return found == results.rows().end() ? nullptr : newest(found->second);
    }

    void take(const WrittenRow* row, const WrittenRow* other) {
        if (row == nullptr) {
            ++found_.outside_in_first;
        } else if (other == nullptr) {
            ++found_.only_in_first;
            name("only in " + first_.topic(), *row, words(*row));
        } else if (row->value == other->value) {
            ++found_.alike;
        } else {
            ++found_.different;
            name("different", *row,
                 fmt::format("{} {}, {} {}", first_.topic(), words(*row), second_.topic(),
                             words(*other)));
        }
    }

    void take_of_second(const WrittenRow* row, const WrittenRow* other) {
        if (row == nullptr) {
            ++found_.outside_in_second;
        } else if (other == nullptr) {
            ++found_.only_in_second;
            name("only in " + second_.topic(), *row, words(*row));
        }
    }

    void name(std::string_view what, const WrittenRow& row, std::string_view words) {
        if (found_.examples.size() >= examples_max_) return;
        found_.examples.push_back(fmt::format("{}: key {} window {}: {}", what,
                                              json_quoted(row.key), text(row.window), words));
    }

    static std::string words(const WrittenRow& row) {
        return fmt::format("has revision {} at {}:{}, {}", row.revision, number(row.partition),
                           number(row.offset), row.value);
    }

    const Results& first_;
    const Results& second_;
    std::uint64_t examples_max_;
    std::map<Results::Stream, Coverage> both_;
    Comparison found_;
};

}  // namespace

void Results::add(WrittenRow row, bool log_is_cut) {
    constexpr std::uint64_t row_overhead = sizeof(WrittenRow) + 160;  // of a map's node and texts
    bytes_ += row_overhead + 2 * row.key.size() + row.value.size() + row.source.topic.size();
    const Stream stream = stream_of(row);
    Coverage& coverage = coverage_[stream];
    if (row.incomplete) coverage.starts_after = std::max(coverage.starts_after, row.window.start);
    if (log_is_cut && row.revision == 0 && cut_.emplace(stream, row.partition).second)
        coverage.ends_after = std::max(coverage.ends_after, row.window.end);
    coverage.ends_by = std::max(coverage.ends_by, row.window.end);
    coverage.last = std::max(coverage.last, row.source.last);
    rows_[{row.key, row.window}].push_back(std::move(row));
}

Comparison compare(const Results& first, const Results& second, std::uint64_t examples_max) {
    return Comparer(first, second, examples_max).run();
}

}  // namespace weir::audit
