// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/types.hpp"
#include "window/types.hpp"

namespace weir::aggregator {

/// What a record of the status topic says of a key.
enum class Status : std::uint8_t {
    present,  ///< it sends; also a note of its last reading, for whoever takes the partition over
    missing,  ///< nothing came for as long as it may be silent
    back,     ///< it was missing and sends again
};

/// One record of the status topic. The key is borrowed for the call.
struct StatusRecord {
    Status status = Status::present;
    std::string_view key;  ///< of several fields in the form of group_key.hpp
    EventTime last{};  ///< event time of the key's last reading; of `back`, the one that ended it
    Offset last_offset{};     ///< where that reading is
    EventTime since{};        ///< of `missing`: when the next reading should have come
    window::Duration away{};  ///< of `back`: from the reading before to the one that ended it
};

/// The keys of one partition that are expected to send, and which of them are missing.
///
/// Problem: silence is the one thing no record tells. It must be judged by the clock, and a
/// judgement must be neither forgotten nor repeated by whoever owns the partition next. So nothing
/// counts until it is a record of the status topic, and all that is needed to go on is there or in
/// the readings that are read again anyway.
///
/// Rules, `wall` being the clock:
///   - A reading at event time t is *on time* while wall < t + expect_every. Old readings (a
///     backfill, a buffer that is emptied) say nothing about now and change nobody's status.
///   - A key becomes known by its first reading on time: `present`.
///   - A known key is missing when wall >= last + expect_every, `last` being the greatest event
///     time of its readings. judge() says so; its caller knows that everything that was in the log
///     at `wall` has been heard.
///   - A missing key is back by its first reading on time.
///
/// Recovery: every record given out here is committed together with the offsets of the readings it
/// follows from, and note() is called before each commit. Then the last record of each key, given
/// to restore(), and the readings from replay_from on, given to replay(), make the same state.
/// Why: docs/decisions/0007-absence.md.
///
/// Limits:  keys_max known keys; further ones are not watched. About 150 bytes and the text a key.
/// Threads: one.
class Attendance {
public:
    Attendance(window::Duration expect_every, std::uint64_t keys_max)
        : expect_every_(expect_every), keys_max_(keys_max) {}
    Attendance(Attendance&&) = default;
    Attendance& operator=(Attendance&&) = default;
    Attendance(const Attendance&) = delete;  // the queues point into the table
    Attendance& operator=(const Attendance&) = delete;
    ~Attendance() = default;

    /// The last record of a key, as it was read from the status topic. Before anything else.
    void restore(const StatusRecord& last);

    /// A reading whose offset has been committed.
    void replay(std::string_view key, EventTime time, Offset offset);

    struct Heard {
        std::optional<StatusRecord> said;  ///< present or back
        bool unwatched = false;            ///< a new key, and as many are known as may be
    };
    /// A reading that has not. Costs a look-up.
    Heard hear(std::string_view key, EventTime time, Offset offset, EventTime wall);

    /// Whether judge(wall) would find somebody.
    bool overdue(EventTime wall);

    /// Shows at most `count_max` keys that are missing at `wall`, whose silence began first at
    /// first, to `visit`. Returns how many.
    template <typename Visit>
    std::size_t judge(EventTime wall, std::size_t count_max, Visit&& visit) {
        std::size_t count = 0;
        for (; count < count_max && overdue(wall); ++count)
            visit(declare_missing());
        return count;
    }

    /// Shows each present key whose last reading lies before `replay_from` and is not known to the
    /// status topic, as `present`: a commit that replays from there must hold them.
    template <typename Visit>
    void note(Offset replay_from, Visit&& visit) {
        while (Known* const known = next_note(replay_from))
            visit(StatusRecord{.key = known->first,
                               .last = known->second.last,
                               .last_offset = known->second.offset});
    }

    [[nodiscard]] std::uint64_t known() const { return keys_.size(); }
    [[nodiscard]] std::uint64_t missing() const { return missing_; }

private:
    struct Entry {
        EventTime last{};
        Offset offset{};
        bool missing = false;
        bool noted = true;    ///< the status topic knows `last`
        bool queued = false;  ///< in unnoted_
    };

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    using Keys = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;
    using Known = Keys::value_type;

    template <typename Order>
    struct Later {
        bool operator()(const std::pair<Order, Known*>& a,
                        const std::pair<Order, Known*>& b) const {
            return a.first > b.first;
        }
    };
    /// Least first. What is in it may have risen since, which is looked at when it comes out.
    template <typename Order>
    using Queue = std::priority_queue<std::pair<Order, Known*>,
                                      std::vector<std::pair<Order, Known*>>, Later<Order>>;

    void rise(Known& known, EventTime time, Offset offset);
    StatusRecord declare_missing();
    Known* next_note(Offset replay_from);

    window::Duration expect_every_;
    std::uint64_t keys_max_;
    Keys keys_;
    std::uint64_t missing_ = 0;
    Queue<EventTime> silent_;  ///< every present key once, by its last reading
    Queue<Offset> unnoted_;    ///< every present key that is not noted once, by its last reading
};

}  // namespace weir::aggregator
