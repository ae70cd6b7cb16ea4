// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace weir::mqtt {

/// Whether a message may be published to `topic`: 1 to 65,535 bytes of UTF-8 without NUL and
/// without the wildcards `+` and `#` (MQTT 5 section 4.7).
bool is_topic_name(std::string_view topic);

/// Whether `filter` may be subscribed to: as a topic name, but `+` may stand for one whole level
/// and `#` for the rest, as the last level. `$share/group/filter` counts as well.
bool is_topic_filter(std::string_view filter);

/// Whether a message on `topic` belongs to `filter` (without `$share`). Wildcards at the front do
/// not match topics that begin with `$`.
bool matches(std::string_view filter, std::string_view topic);

/// Whether some topic matches both filters (without `$share`).
bool overlap(std::string_view filter, std::string_view other);

/// The levels of a topic: `a/b` is `a` and `b`. The views point into `topic`.
std::vector<std::string_view> levels(std::string_view topic);

/// What the last wildcard of `filter` stands for in a `topic` that matches it: with `+` one
/// level, with `#` the rest of the topic; without a wildcard the topic's last level.
std::string_view last_wildcard(std::string_view filter, std::string_view topic);

}  // namespace weir::mqtt
