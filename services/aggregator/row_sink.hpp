// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "options.hpp"
#include "outlet.hpp"
#include "table.hpp"

namespace weir::aggregator {

/// Writes results into a file or to standard output, as lines or as a table, and passes the other
/// records on to their topics.
///
/// A file is written under `<path>.unfinished` and takes its name in finish(), so that what is
/// there is complete. What is no plain file (a pipe, a device) is written at once.
///
/// Threads: one.
class RowSink final : public Outlet {
public:
    /// `topics` takes what is no result; null when there are no such topics. Errors name the file.
    static Result<std::unique_ptr<RowSink>> open(const Options& options, Outlet* topics);
    RowSink(const RowSink&) = delete;
    RowSink& operator=(const RowSink&) = delete;
    /// Removes what was not finished.
    ~RowSink() override;

    /// Errors: fatal, when the file cannot be written.
    kafka::Outcome<void> send(const kafka::OutgoingRecord& record) override;

    /// Everything is written, and the file has its name.
    Result<void> finish();

private:
    RowSink(const Options& options, Outlet* topics);

    Result<void> open_file();
    [[nodiscard]] bool write(std::string_view text);
    [[nodiscard]] Error error(std::string_view doing) const;

    const Options& options_;
    Outlet* topics_;
    std::FILE* file_ = nullptr;
    std::string unfinished_;  ///< the path to rename; empty when the file is written in place
    std::optional<Table> table_;
    std::string text_;
};

}  // namespace weir::aggregator
