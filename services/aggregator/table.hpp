// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "json/extractor.hpp"
#include "options.hpp"

namespace weir::aggregator {

/// Results as a table for people: the fields grouped by, the window, the columns. Cells have the
/// digits and escapes of the JSON, so that nothing a device sent can steer a terminal.
///
/// Limits: column widths follow from the first `rows_measured` rows, which are held back until
///         then; a wider cell later pushes its row to the right.
class Table {
public:
    /// The options must have been checked.
    explicit Table(const Options& options);

    /// Adds a result, given as its JSON value; appends to `out` what can be shown by now.
    void add(std::string_view value, std::string& out);

    /// Appends what was held back.
    void finish(std::string& out);

    static constexpr std::size_t rows_measured = 1000;

private:
    using Cells = std::vector<std::string>;

    void measure(const Cells& cells);
    void write(const Cells& cells, std::string& out) const;

    std::size_t left_aligned_;  ///< so many columns from the left; the others are numbers mostly
    json::Extractor extractor_;
    std::vector<std::size_t> widths_;
    std::vector<Cells> held_;
    bool measuring_ = true;
};

}  // namespace weir::aggregator
