// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "json/extractor.hpp"
#include "json/time_zone.hpp"

namespace weir::emitter {

/// Makes the object that pages of the original air-quality system show, out of a result record:
/// `{"device_name":"d","window":{"start":"2024-10-07T13:02:45.000Z","end":…},"average":863.852}`
/// becomes
/// `{"device_name":"d","window_start":"15:02:45","window_end":"15:03:00","data":863.852}`.
///
/// The times are times of day in `zone`; the number's digits are those of the record.
///
/// Lifetime: `zone` outlives it.  Threads: one.
class CardMaker {
public:
    explicit CardMaker(const json::TimeZone& zone);

    /// Errors: the record is not such a result; the sentence says what is wrong.
    Result<std::string> make(std::string_view value);

private:
    const json::TimeZone& zone_;
    json::Extractor extractor_;
};

}  // namespace weir::emitter
