// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "aggregation/reading.hpp"
#include "aggregation/result.hpp"
#include "aggregation/rules.hpp"
#include "reading.hpp"
#include "written_row.hpp"

namespace weir::audit {

/// What a row must say.
struct RowContent {
    Offset first{};
    Offset last{};
    std::uint64_t count = 0;
    std::string value;
    std::string beyond_bound;
};

/// The offset that a row says it goes up to. There is at least one reading; `repeated` are of a
/// session.
Offset last_of(const Readings& readings, const Readings& repeated);

/// Works a row out from its readings alone, by docs/decisions/0005 ("What is computed"): how they
/// are grouped and in which order they are added is done here; what a function does with the values
/// of a group is the business of libs/window's accumulators.
class Values {
public:
    /// What is given outlives it.
    Values(const aggregation::Rules& rules, const window::Aggregates& aggregates);

    /// `key` in the form readings have it; there is at least one reading. `repeated`: of a session,
    /// those that were not used.
    RowContent content(std::string_view key, const Span& window, const Readings& readings,
                       const Readings& repeated);

    /// The key of a record about `key`.
    std::string record_key(std::string_view key);

private:
    class State;

    [[nodiscard]] State in_offset_order(const Readings& readings) const;
    [[nodiscard]] State hopping(const Span& window, const Readings& readings) const;
    [[nodiscard]] State sliding(const Readings& readings) const;
    [[nodiscard]] State session(const Readings& readings, const Readings& repeated) const;
    [[nodiscard]] bool beyond_ids(const Readings& readings) const;

    const aggregation::Rules& rules_;
    const window::Aggregates& aggregates_;
    aggregation::ResultWriter writer_;
};

}  // namespace weir::audit
