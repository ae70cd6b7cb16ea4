// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "key_set.hpp"

namespace weir::emitter {

/// The last event of each key of one relay, for clients that join and for those that did without
/// some while they were slow.
///
/// Pure. Limits: so many keys and bytes of arguments; the key that has been silent for longest goes
/// first.
class Latest {
public:
    struct Limits {
        std::size_t keys_max = 0;
        std::size_t bytes_max = 0;
    };

    explicit Latest(const Limits& limits) : limits_(limits) {}

    /// `number` grows from event to event. `args`: the event's arguments, JSON.
    void put(std::string_view key, std::uint64_t number, std::string args);

    /// The arguments of the last events of all keys, or of those in `only`, that have one from that
    /// number on, oldest first. They live until the next put().
    std::vector<std::string_view> since(std::uint64_t number, const KeySet* only = nullptr) const;

    std::size_t keys() const { return events_.size(); }
    std::size_t bytes() const { return bytes_; }

private:
    struct Event {
        std::string key;
        std::uint64_t number;
        std::string args;
    };
    using Events = std::list<Event>;

    void erase(Events::iterator event);
    /// Costs what the few keys cost, not what all events do.
    std::vector<std::string_view> since(std::uint64_t number, const KeySet& few) const;

    const Limits limits_;
    Events events_;  ///< in the order of their numbers
    std::unordered_map<std::string_view, Events::iterator> by_key_;
    std::size_t bytes_ = 0;
};

}  // namespace weir::emitter
