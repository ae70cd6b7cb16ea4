// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/types.hpp"
#include "json/document.hpp"
#include "key_template.hpp"

namespace weir::mqtt_bridge {

/// The record a message becomes. The views live until the next message.
struct Mapped {
    std::string_view key;    ///< the device
    std::string_view value;  ///< a JSON object
    bool stamped = false;    ///< the time in it is that of the arrival
};

struct MappingOptions {
    std::vector<std::string> filters;
    KeyTemplate key;
    std::size_t payload_bytes_max = 256UL << 10;
};

/// Turns MQTT messages into records.
///
/// A bare number becomes `{"timestamp":...,"device_name":...,"data":...}` with the arrival as its
/// time. An object is kept byte for byte; of `timestamp` and `device_name`, what it lacks is put in
/// front. Anything else is refused with a sentence for the dead letter.
///
/// Pure. Threads: one at a time. Limits: allocates nothing once its buffers have grown.
class Mapper {
public:
    explicit Mapper(MappingOptions options);

    /// `payload_size` is that of the whole payload, of which `payload` may be the beginning.
    Result<Mapped> map(std::string_view topic, std::string_view payload, std::size_t payload_size,
                       EventTime arrival);

private:
    Result<void> find_device(std::string_view topic);
    Result<Mapped> map_number(std::string_view text, EventTime arrival);
    Result<Mapped> map_object(std::string_view text, EventTime arrival);

    MappingOptions options_;
    json::Document document_;
    std::string device_;
    std::string value_;
};

}  // namespace weir::mqtt_bridge
