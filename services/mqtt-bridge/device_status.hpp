// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/types.hpp"
#include "json/document.hpp"
#include "mapping.hpp"
#include "mqtt/packet.hpp"

namespace weir::mqtt_bridge {

/// Turns what is said about devices, by themselves when they connect and by the MQTT broker when
/// they are gone (their will), into records.
///
///     {"device_name":"device2","status":"offline","time":"2024-10-07T13:02:45.123Z",
///      "retained":false}
///
/// The payload is a word, or an object with it in `status` or `state`. What means online or offline
/// is called so; another word stays as it is. An empty payload, which is how a retained message is
/// taken back, becomes a tombstone: the device is forgotten. Anything else is refused with a
/// sentence for the dead letter.
///
/// Pure. Threads: one at a time.
class StatusMapper {
public:
    explicit StatusMapper(std::vector<std::string> filters);

    /// Whether messages on this topic are about a device's status.
    bool claims(std::string_view topic) const;

    /// The views live until the next message.
    Result<Mapped> map(const mqtt::Publish& message, EventTime arrival);

private:
    Result<std::string_view> word_in(std::string_view text);

    const std::vector<std::string> filters_;
    json::Document document_;
    std::string value_;
};

}  // namespace weir::mqtt_bridge
