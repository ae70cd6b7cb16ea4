// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "base/types.hpp"
#include "window/aggregates.hpp"

namespace weir::window {

using Duration = std::chrono::microseconds;

/// The watermark of a stream that has seen nothing: before every time.
inline constexpr EventTime no_watermark = EventTime::min();

/// A span of event time, half open: [start, end).
struct Window {
    EventTime start{};
    EventTime end{};

    friend bool operator==(const Window&, const Window&) = default;
};

/// How windows lie in event time. All are half open.
enum class Kind : std::uint8_t {
    /// [n * size, (n + 1) * size): each record is in one.
    tumbling,
    /// [n * every, n * every + size), n >= 0: each record is in size / every of them.
    hopping,
    /// Defined by a key's records, their times cut to whole milliseconds: for a record at t the
    /// window that ends with it, [t - size, t + 1 ms), and the one that begins after it,
    /// [t + 1 ms, t + size + 2 ms), unless that is empty. So two records are in a common window
    /// when they are at most `size` apart, and every set of such records has its window. These are
    /// the windows of Kafka Streams' SlidingWindows, which writes their ends inclusive.
    sliding,
    /// Records of a key that are less than `size` (the gap) apart, one after the other:
    /// [first record, last record + size).
    session,
};

/// The tumbling window of `size` that holds `time`: starts are multiples of `size` since
/// 1970-01-01T00:00:00Z. `time` is not before 1970.
constexpr Window tumbling_window(EventTime time, Duration size) {
    const EventTime start = time - time.time_since_epoch() % size;
    return {start, start + size};
}

/// One record, as the stream wants it. Everything is borrowed for the call.
struct Record {
    Offset offset{};
    EventTime time{};  ///< not before 1970
    std::string_view key;
    std::span<const Input> inputs;  ///< as many as Aggregates::inputs() says
    /// An integer or a text that tells the key's records apart; only looked at with
    /// Options::ids_max.
    Input id{};
};

/// What became of a record.
enum class Fate : std::uint8_t {
    used,  ///< a window took it
    late,  ///< every window for it was closed before it came, and is not kept any more
    /// It would have been used, and its id was there: where it falls, windows are as if it had been
    /// added, and what is computed in them is not.
    repeated,
    full,  ///< not taken: too many windows are open. Nothing has changed; offer it again later.
};

struct Verdict {
    Fate fate = Fate::used;
    /// A record that is only replayed: its fate was reported before the crash. Write nothing.
    bool muted = false;
    /// Of the windows for this record the one that ends last; of a sliding window the one that ends
    /// with the record; the session as it is now.
    Window window{};
    /// The watermark the fate was decided by: the one before this record.
    EventTime watermark = no_watermark;
    /// Of a late record: how far the watermark was beyond its window's end. A grace longer by more
    /// than this would have taken it.
    Duration late_by{0};
};

enum class Finality : std::uint8_t { partial, final };

/// The result of one window and key. Everything is borrowed for the visit.
struct Row {
    Window window{};
    std::string_view key;
    std::span<const Output> values;  ///< in the order of Aggregates::list()
    std::uint64_t records = 0;       ///< how many took part, those with null fields included
    /// The first and last record that took part; of a session also a repeated one, which makes it
    /// longer. The first is unique within a window and is what orders the rows of a window.
    Offset first_offset{};
    Offset last_offset{};
    /// The watermark that closed the window, its end if the clock did; of a partial row the current
    /// one.
    EventTime watermark = no_watermark;
    Finality finality = Finality::final;
    /// Results of one window and key that were final before this one: 0, and then 1, 2 … when
    /// records came while the closed window was kept (Options::accept_late).
    std::uint32_t revision = 0;
    /// False when records of this window may be missing because the log was not read, or does not
    /// exist any more, from early enough on.
    bool complete = true;
};

/// A borrowed callable that looks at rows one by one. Made from any lambda, for one call.
class RowVisitor {
public:
    template <typename Visit>
    explicit RowVisitor(Visit& visit)
        : object_(const_cast<void*>(static_cast<const void*>(&visit))),
          call_([](void* object, const Row& row) { (*static_cast<Visit*>(object))(row); }) {}

    void operator()(const Row& row) const { call_(object_, row); }

private:
    void* object_;
    void (*call_)(void*, const Row&);
};

}  // namespace weir::window
