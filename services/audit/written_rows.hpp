// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "written_row.hpp"

namespace weir::audit {

/// The rows that were written of one input partition, to be found by what they are of.
class WrittenRows {
public:
    /// `row.source.topic` is not kept: it is the input's.
    void add(WrittenRow row);
    /// Between the last add() and all that follows.
    void sort();

    /// Those of one key, window and revision, in the order in which they were written.
    [[nodiscard]] std::span<const WrittenRow> find(std::string_view key, const Span& window,
                                                   std::uint32_t revision) const;
    /// Whether the row of that revision is there, ends with the reading at `last`, and says that it
    /// came out at a watermark of at most `most`.
    [[nodiscard]] bool came_out(std::string_view key, const Span& window, std::uint32_t revision,
                                Offset last, EventTime most) const;
    /// Whether a row of that window, whatever its revision, goes up to the reading at `offset`.
    [[nodiscard]] bool reaches(std::string_view key, const Span& window, Offset offset) const;

    [[nodiscard]] std::span<const WrittenRow> all() const { return rows_; }
    /// The marks of those that were looked at; `row` is one of all().
    void mark(const WrittenRow& row) { marks_[index(row)] = true; }
    [[nodiscard]] bool marked(const WrittenRow& row) const { return marks_[index(row)]; }

    /// An estimate of the memory taken.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    [[nodiscard]] std::size_t index(const WrittenRow& row) const {
        return static_cast<std::size_t>(&row - rows_.data());
    }

    std::vector<WrittenRow> rows_;
    std::vector<bool> marks_;
    std::uint64_t bytes_ = 0;
};

}  // namespace weir::audit
