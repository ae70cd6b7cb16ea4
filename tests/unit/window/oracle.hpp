// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "generated.hpp"

namespace weir::window::test {

/// A value as it must come out; nothing for null.
struct ExpectedValue {
    enum class Kind { null, number, text, beyond } kind = Kind::null;
    double number = 0;
    std::string text;
    bool exact = true;
};

struct ExpectedRow {
    Window window;
    std::string key;
    Offset first_offset{};
    Offset last_offset{};
    std::uint64_t records = 0;
    EventTime watermark{};
    std::uint32_t revision = 0;
    std::vector<ExpectedValue> values;  ///< of every_column()
};

/// What a history leads to, worked out from the rules of docs/decisions/0005 with none of the
/// stream's means: every window keeps all its records, is looked at after each event, and its
/// values are worked out from the list of its records.
class Oracle {
public:
    explicit Oracle(const Options& options) : options_(options) {}

    /// What becomes of the next record; rows() has what comes out with it.
    Fate take(const Event& event);
    void quiet_close(EventTime until);

    [[nodiscard]] const std::vector<ExpectedRow>& rows() const { return rows_; }
    [[nodiscard]] EventTime watermark() const { return watermark_; }

private:
    /// A window of one key.
    struct Held {
        Window window;
        std::string key;
        std::vector<const Event*> records;  ///< those that were used
        Offset last_repeated{};             ///< of a session, before it closed
        bool closed = false;
        std::uint32_t shown = 0;
        std::optional<EventTime> waits_since;  ///< the watermark when a closed one changed
    };

    using Records = std::vector<const Event*>;

    Fate take_into_fixed(const Event& event);
    Fate take_into_sliding(const Event& event);
    Fate take_into_session(const Event& event);
    [[nodiscard]] Duration slice() const;
    [[nodiscard]] EventTime place_of(const Event& event) const;
    [[nodiscard]] bool repeats(const Records& there, const Event& event) const;
    bool repeats_in_place(const Event& event);
    [[nodiscard]] bool beyond_ids(const Records& records) const;
    void add(const Window& window, const Event& event);
    void define(const Window& window, const std::string& key);
    void changed(Held& held);
    [[nodiscard]] Duration step() const;
    [[nodiscard]] EventTime next_step(EventTime after) const;
    void move(EventTime to);
    [[nodiscard]] double grouped_mean(const std::vector<const Event*>& records,
                                      const Window& window) const;
    [[nodiscard]] ExpectedRow row_of(const Held& held) const;

    Options options_;
    EventTime watermark_ = no_watermark;
    std::vector<Held> held_;
    std::map<std::string, std::vector<const Event*>> used_;  ///< by key, for sliding windows
    /// Of all but sessions: used records by key and place_of().
    std::map<std::pair<std::string, EventTime>, Records> places_;
    std::vector<ExpectedRow> rows_;
};

}  // namespace weir::window::test
