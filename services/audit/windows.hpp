// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "aggregation/rules.hpp"
#include "ids.hpp"
#include "reading.hpp"
#include "watermark.hpp"
#include "written_rows.hpp"

namespace weir::audit {

/// A row that follows from the readings.
struct ExpectedRow {
    std::string_view key;         ///< as readings have it
    std::string_view record_key;  ///< as records have it
    Span window;
    std::uint32_t revision = 0;
    const Readings& readings;
    const Readings& repeated;  ///< of a session: they have joined what lay beside them
    /// At which watermark it came out: not before `due_from`, and by `due_by`.
    EventTime due_from{};
    EventTime due_by{};
    bool open = false;  ///< it has not come out at the end of what was read
};

/// The windows of one partition and the readings in them, by docs/decisions/0005: each window keeps
/// its readings and is looked at by itself, and nothing is shared with libs/window but words.
///
/// Which readings were late is not decided here: those that come were used, or with --distinct-by
/// repeated. Where the watermark is
/// known within bounds only, and it matters which reading came before a window closed, the rows
/// that were written are believed.
///
/// Threads: one.
class Windows {
public:
    using Sink = std::function<void(const ExpectedRow&)>;
    using RecordKey = std::function<std::string(std::string_view key)>;

    /// Everything given outlives it.
    Windows(const aggregation::Rules& rules, Watermark& watermark, const WrittenRows& rows,
            RecordKey record_key, Sink sink);

    enum class Fate {
        used,
        repeated,  ///< --distinct-by had its value before
        late,      ///< it must have been
    };

    /// Takes a reading that is not among the late ones, by rising offsets; the watermark is the one
    /// before it.
    Fate take(std::string_view key, std::shared_ptr<const Reading> reading);

    /// The window that decides whether a reading at `time` is late, and the watermark from which
    /// on it is; of sessions when it joins no other reading.
    [[nodiscard]] Span deciding_window(EventTime time) const;
    [[nodiscard]] EventTime late_from(EventTime time) const;

    /// Hands out the rows that are due by now, if there may be enough to be worth the search. True
    /// when none is left: no row to come was due by a watermark that has passed.
    bool sweep();

    /// Hands out all rows: those that are not due as open ones, or, when the run closed everything
    /// in the end (`all_close`), as the others.
    void finish(bool all_close);

    /// An estimate of the memory taken beside that of the readings.
    [[nodiscard]] std::uint64_t bytes() const {
        return slots_ * slot_bytes + held_ * held_bytes + ids_ * id_bytes;
    }

private:
    struct Held {
        Span window;
        Readings readings;
        Readings repeated;  ///< of a session, by --distinct-by
        Ids ids;            ///< the same
        std::uint32_t shown = 0;
        bool closed = false;
        bool waits = false;  ///< changed since it was shown, and closed; due in between:
        EventTime revise_from{};
        EventTime revise_by{};
    };
    using HeldWindows = std::multimap<EventTime, Held>;  ///< by end
    struct Key {
        std::string text;
        std::string record_key;
        HeldWindows held;
        Readings used;  ///< of sliding windows: those that may define one
        std::map<EventTime, Ids> ids;  ///< of other windows than sessions, by slice
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    static constexpr std::uint64_t slot_bytes = 24;
    static constexpr std::uint64_t held_bytes = sizeof(Held) + 64;
    static constexpr std::uint64_t id_bytes = 96;

    using Shared = std::shared_ptr<const Reading>;
    Fate take_fixed(Key& key, const Shared& reading);
    Fate take_sliding(Key& key, const Shared& reading);
    Fate take_session(Key& key, const Shared& reading);
    bool repeated_in_slice(Key& key, const Reading& reading);
    bool repeated_in(Ids& ids, const Reading& reading);
    void forget_ids(Key& key);
    HeldWindows::iterator kept_session(Key& key, const Reading& reading);
    void define(Key& key, const Span& window);

    Held& window_at(Key& key, const Span& window);
    Held& open(Key& key, const Span& window);
    void add(Key& key, Held& held, const Shared& reading);
    void settle(const Key& key, Held& held);
    void show(const Key& key, Held& held, EventTime from, EventTime by, bool is_open = false);
    HeldWindows::iterator erase(Key& key, HeldWindows::iterator at);

    [[nodiscard]] bool forgotten(const Key& key, const Span& window, Offset offset) const;
    [[nodiscard]] bool surely_forgotten(EventTime end) const {
        return end + rules_.accept_late <= watermark_.least();
    }
    [[nodiscard]] bool was_shown(const Key& key, const Held& held) const;
    [[nodiscard]] EventTime next_step(EventTime watermark) const;

    const aggregation::Rules& rules_;
    Watermark& watermark_;
    const WrittenRows& rows_;
    RecordKey record_key_;
    Sink sink_;
    std::chrono::microseconds size_;
    std::chrono::microseconds step_;
    std::chrono::microseconds slice_;  ///< readings in one are in the same windows
    std::uint64_t ids_max_;            ///< 0: no --distinct-by
    bool keeps_closed_;
    std::unordered_map<std::string, Key, Hash, std::equal_to<>> keys_;
    std::uint64_t slots_ = 0;  ///< places of readings in windows
    std::uint64_t held_ = 0;
    std::uint64_t ids_ = 0;  ///< kept of slices and sessions
    std::uint64_t taken_since_sweep_ = 0;
    EventTime next_due_ = EventTime::max();
};

}  // namespace weir::audit
