// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "bounded_input.hpp"
#include "lines/line_reader.hpp"
#include "options.hpp"

namespace weir::aggregator {

/// The lines of files as one stream, as if the files were one: a window that begins in one and
/// ends in the next is one window, and what is late follows from the order of the files.
///
/// Offsets are line numbers, counted on from file to file. Blank lines are no records. A line has
/// no key and no time of production.
class FileInput final : public BoundedInput {
public:
    /// Errors: a file is not there or cannot be read, found before any is read.
    static Result<std::unique_ptr<BoundedInput>> open(const Options& options);

    Result<std::optional<Stream>> next_stream() override;
    Result<Batch> read() override;
    [[nodiscard]] Measure measure() const override;
    [[nodiscard]] std::string place(const kafka::RecordView& record) const override;

private:
    explicit FileInput(const Options& options) : options_(options) {}

    const Options& options_;
    std::vector<std::unique_ptr<lines::LineReader>> files_;
    std::size_t current_ = 0;
    std::int64_t lines_ = 0;         ///< read so far
    std::int64_t lines_before_ = 0;  ///< of the files before the current one
    std::vector<kafka::RecordView> records_;
    bool begun_ = false;
};

}  // namespace weir::aggregator
