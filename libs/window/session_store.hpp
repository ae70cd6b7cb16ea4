// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "window/store.hpp"
#include "window/timeline.hpp"

/// Inside libs/window only.
namespace weir::window {

/// Sessions: the records of a key without a gap between them.
///
/// Open sessions grow with every record and become one when a record comes between them; the
/// earlier one's values are then merged before the later one's. A session that was closed stays as
/// it was shown: while it is kept, it takes records that lie between its first and its last one,
/// and none that would make it longer or another one.
///
/// A key waits for the end that its first session had some time ago; when the watermark gets there
/// it is looked at again. So a record in a session costs no search for its end.
class SessionStore final : public Store {
public:
    explicit SessionStore(const Options& options) : Store(options, options.size) {}
    ~SessionStore() override;

    void take(const Record& record, bool may_refuse, Verdict& verdict) override;
    std::size_t visit_changed(std::size_t rows_max, const RowVisitor& visit) override;
    [[nodiscard]] std::size_t memory_bytes() const override;

private:
    struct Session {
        EventTime start{};  ///< the first record's time
        EventTime last{};   ///< the last one's
        std::uint64_t records = 0;
        Offset first_offset{};
        Offset last_offset{};
        std::uint32_t shown_times = 0;  ///< as a final row; it is closed once it was
        bool revised = false;           ///< a record came after that
    };
    using Sessions = Timeline<Session>;

    struct KeyState {
        explicit KeyState(std::size_t state_words) : sessions(state_words) {}

        Sessions sessions;
        EventTime waits_for = never;
        bool changed = false;  ///< is in changed_
    };

    struct Place {
        KeyTable::Id key = 0;
        std::size_t index = 0;
    };

    bool open_group() override;
    const Shown* peek() override;
    void pop() override;
    void close_group() override;
    void forget() override;
    EventTime next_wake() override;
    EventTime next_end() override;
    EventTime greatest_end(EventTime until) override;

    [[nodiscard]] EventTime end_of(const Session& session) const {
        return session.last + options_.size;
    }
    [[nodiscard]] static bool open(const Session& session) { return session.shown_times == 0; }
    [[nodiscard]] std::size_t find_open(const Sessions& sessions, EventTime time,
                                        std::size_t from) const;
    [[nodiscard]] std::size_t find_kept(const Sessions& sessions, EventTime time) const;
    std::size_t open_session(KeyTable::Id id, const Record& record);
    std::size_t join(Sessions& sessions, EventTime time, std::size_t index);
    void fold(KeyTable::Id id, std::size_t index, const Record& record, Verdict& verdict);
    [[nodiscard]] EventTime earliest_end(const Sessions& sessions) const;
    [[nodiscard]] std::size_t find_ending(const Sessions& sessions, EventTime end) const;
    void wait_for(KeyTable::Id id, EventTime end);
    KeyState& state_of(KeyTable::Id id);
    void erase(KeyTable::Id id, std::size_t index);

    std::vector<KeyState> states_;  ///< by KeyTable::Id
    std::map<EventTime, std::vector<KeyTable::Id>> waiting_;
    std::set<std::pair<EventTime, KeyTable::Id>> kept_;     ///< closed sessions by their ends
    std::set<std::pair<EventTime, KeyTable::Id>> revised_;  ///< those with something new
    std::vector<KeyTable::Id> changed_;

    // The present group.
    EventTime group_end_{};
    bool revising_ = false;
    std::vector<Place> rows_;
    std::size_t next_row_ = 0;
    Shown shown_;
};

}  // namespace weir::window
