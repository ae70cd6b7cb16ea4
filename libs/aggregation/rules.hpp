// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aggregation/aggregate_spec.hpp"
#include "config/command.hpp"
#include "window/types.hpp"

namespace weir::aggregation {

/// How a result carries its window.
enum class WindowForm {
    nested,  ///< "window":{"start":…,"end":…}
    flat,    ///< "window_start":…,"window_end":…
};

constexpr auto choices_of(WindowForm) {
    return std::array{std::pair{std::string_view("nested"), WindowForm::nested},
                      std::pair{std::string_view("flat"), WindowForm::flat}};
}

/// The options that decide what becomes of a record and what a result looks like: all that whoever
/// works results out has to agree on.
struct Rules {
    using milliseconds = std::chrono::milliseconds;

    std::vector<std::string> key;  ///< each one field or several with commas; see key_fields()
    std::string time;
    std::string time_zone = "UTC";
    std::optional<milliseconds> window;  ///< see size()
    std::optional<milliseconds> every;
    bool sliding = false;
    std::optional<milliseconds> session_gap;
    milliseconds accept_late{0};
    milliseconds grace = std::chrono::seconds{15};
    std::optional<milliseconds> max_ahead = std::chrono::hours{1};
    std::vector<AggregateSpec> aggregates;
    window::Bounds bounds;
    std::string distinct_by;  ///< empty: nothing tells readings apart
    std::uint64_t distinct_by_values_max = 10'000;

    std::optional<int> round;
    std::string window_field = "window";
    WindowForm window_form = WindowForm::nested;

    /// Declares the sections Readings, Windows and Results. `needed`: asked, when all values are
    /// set, whether those that cannot do without a value must have one; empty: always.
    void declare(config::Command& command, const std::function<bool()>& needed = {});
    /// Mistakes across them, a sentence each.
    void check(std::vector<std::string>& mistakes) const;

    [[nodiscard]] window::Kind kind() const;
    /// The length of a window, or a session's gap.
    [[nodiscard]] milliseconds size() const;
    /// As window::Options has it.
    [[nodiscard]] std::uint64_t ids_max() const {
        return distinct_by.empty() ? 0 : distinct_by_values_max;
    }

private:
    void declare_readings(config::Command& command, const std::function<bool()>& needed);
    void declare_windows(config::Command& command, const std::function<bool()>& needed);
    void declare_results(config::Command& command);
    void check_fields(std::vector<std::string>& mistakes) const;
    void check_windows(std::vector<std::string>& mistakes) const;
    void check_names(std::vector<std::string>& mistakes) const;
};

/// The fields to group by.
std::vector<std::string> key_fields(const Rules& rules);

/// Their names in a result: the last part of each one's place in the record.
std::vector<std::string> key_names(const Rules& rules);

/// The longest time an option may give.
inline constexpr std::chrono::milliseconds longest = std::chrono::hours{24 * 366};

}  // namespace weir::aggregation
