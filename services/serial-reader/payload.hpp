// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "reading_buffer.hpp"

namespace weir::serial_reader {

/// What a message holds.
enum class PayloadForm {
    json,    ///< an object that carries the time of the reading
    number,  ///< the bare number, three decimals: its time is that of its arrival somewhere
};

constexpr auto choices_of(PayloadForm) {
    using namespace std::string_view_literals;
    return std::array{std::pair{"json"sv, PayloadForm::json},
                      std::pair{"number"sv, PayloadForm::number}};
}

/// `{"timestamp":"2024-10-07 13:02:45.123456","device_name":"device1","data":849.63,"seq":7}` (UTC)
/// or `849.630`.
std::string payload_of(const Reading& reading, std::string_view device, PayloadForm form);

/// `{"device_name":"device1","gap":{"first_seq":8,"last_seq":9,"count":2,"after":T,"before":T}}`
/// with the times of the readings on either side, null where there is none.
std::string payload_of(const Gap& gap, std::string_view device, std::optional<EventTime> after,
                       std::optional<EventTime> before);

}  // namespace weir::serial_reader
