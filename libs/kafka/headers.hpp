// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// The names of the record headers that are Weir's own. What a source sent stays in the value;
/// what we have to say about it travels in these.
namespace weir::kafka::header {

/// Who wrote the record: `<service>/<instance>`.
inline constexpr std::string_view origin = "weir-origin";
/// `arrival` when the reading brought no time and the bridge stamped it.
inline constexpr std::string_view event_time_source = "weir-event-time-source";
/// `true` when the MQTT broker marked the message as sent before. It may be the first arrival all
/// the same.
inline constexpr std::string_view maybe_duplicate = "weir-maybe-duplicate";
/// `true` for a message the MQTT broker had kept as the topic's last one: it may be old.
inline constexpr std::string_view mqtt_retained = "weir-mqtt-retained";

// On results: enough to recompute the row.
/// `<start>/<end>` of the window, ISO 8601, UTC, half-open. On late records: the closed window.
inline constexpr std::string_view window = "weir-window";
/// How many readings the result is made of.
inline constexpr std::string_view count = "weir-count";
/// `true` for the result of a closed window, `false` for a running one.
inline constexpr std::string_view final_result = "weir-final";
/// 0 for the first final result of a window, then 1, 2 … for corrections.
inline constexpr std::string_view revision = "weir-revision";
/// The watermark at which the record was decided on: ISO 8601, UTC.
inline constexpr std::string_view watermark = "weir-watermark";
/// `<topic>/<partition>:<first offset>-<last offset>` of the input the result is made of.
inline constexpr std::string_view source = "weir-source";
/// Present when input of this window may be missing, with the reason.
inline constexpr std::string_view incomplete = "weir-incomplete";
/// The columns that are null because a window had more values than their functions may keep,
/// separated by commas.
inline constexpr std::string_view beyond_bound = "weir-beyond-bound";

// On late records and dead letters: where the original is.
inline constexpr std::string_view topic = "weir-topic";
inline constexpr std::string_view partition = "weir-partition";
inline constexpr std::string_view offset = "weir-offset";

/// How far behind the end of its last window the watermark already was, in milliseconds.
inline constexpr std::string_view late_by_ms = "weir-late-by-ms";

/// Why the record is dead, as a sentence.
inline constexpr std::string_view error = "weir-error";
/// The step that refused it: `decode`, `extract`, `deliver` …
inline constexpr std::string_view stage = "weir-stage";
/// The MQTT topic a dead message came from.
inline constexpr std::string_view mqtt_topic = "weir-mqtt-topic";
/// On late records and dead letters that hold only the beginning of a value that was too large to
/// be passed on whole: how many bytes it had.
inline constexpr std::string_view original_bytes = "weir-original-bytes";

}  // namespace weir::kafka::header
