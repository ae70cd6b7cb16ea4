// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>

#include "json/document.hpp"
#include "source.hpp"

namespace weir::device_simulator {

/// Publishes what was recorded, at the recorded distances in time.
///
/// The recording has one JSON object per line, in the order of time:
///   {"offset":0.33,"device":"device1","payload":"863.850"}
/// `offset` is in seconds from the beginning; a payload that is not a string is published as the
/// JSON that stands there. Empty lines are passed over.
///
/// Limits: one line is in memory, of at most 1 MiB.
class Replay final : public Source {
public:
    /// With `speed` 2 it takes half of the recorded time. Errors: the first line is broken.
    static Result<std::unique_ptr<Replay>> open(std::unique_ptr<std::istream> recording,
                                                std::string name, double speed);

    std::optional<Elapsed> next_due() const override;
    /// Errors: a broken line, or one earlier than the line before it, by its number.
    Result<void> take(Elapsed now, std::size_t count_max, std::vector<Message>& out) override;
    void postpone(Elapsed pause) override { base_ += pause; }

private:
    Replay(std::unique_ptr<std::istream> recording, std::string name, double speed)
        : recording_(std::move(recording)), name_(std::move(name)), speed_(speed) {}

    Result<void> read_line();
    Result<void> parse(const std::string& line);

    std::unique_ptr<std::istream> recording_;
    std::string name_;
    double speed_;
    json::Document document_;
    std::uint64_t line_ = 0;
    Elapsed base_{0};
    Elapsed offset_{0};
    std::optional<Message> next_;
};

}  // namespace weir::device_simulator
