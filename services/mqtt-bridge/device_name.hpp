// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::mqtt_bridge {

/// The device that a message on `topic` is from: what the last wildcard of the first filter that
/// matches stands for. Errors: no filter matches; `option` is where filters come from.
Result<std::string_view> device_of(std::string_view topic, const std::vector<std::string>& filters,
                                   std::string_view option);

/// Whether a device may be named like this: not empty, not too long, no control characters.
Result<void> check_device(std::string_view device);

/// What a device sent, in a sentence: its beginning, as JSON text so that any byte can be shown.
std::string shown(std::string_view bytes);

/// White space around a payload (a line end, most often) means nothing.
std::string_view trimmed(std::string_view text);

}  // namespace weir::mqtt_bridge
