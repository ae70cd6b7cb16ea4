// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "key_set.hpp"
#include "offset_vector.hpp"

namespace weir::emitter {

/// An event of a record, with all that is needed to send it again.
struct SentEvent {
    std::size_t relay = 0;  ///< index in the list of relays
    std::size_t topic = 0;  ///< its place in the offset vector
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    bool ends_record = true;  ///< no further event of the same record follows
    std::string key = {};     ///< of the record
    std::string args = {};    ///< JSON: the event's arguments without its offset
};

/// The last events of one namespace, for clients that come back and have got some of them already,
/// from here or from another replica, which had them in another order.
///
/// Pure. Limits: the oldest events go when they are more than so many bytes.
class Backlog {
public:
    /// The events of a client that comes back, and where it stands after each: what the event's
    /// offset is, or empty after one whose record is not complete.
    struct Resent {
        const SentEvent* event;
        std::string offset;
    };

    /// `topics`: each once.
    Backlog(std::vector<std::string> topics, std::size_t bytes_max);

    /// Records of that partition are read from there on; what was before is forgotten.
    void begin(std::string_view topic, std::int32_t partition, std::int64_t next);

    /// Nothing of that partition before `next` becomes an event any more: a record did not, or
    /// there are markers of transactions only.
    void pass(std::string_view topic, std::int32_t partition, std::int64_t next);

    /// Places `event.topic`. An event that is larger than the limit is not kept, and neither is
    /// what was before it.
    void add(std::string_view topic, SentEvent event);

    /// Where who has got everything stands.
    const OffsetVector& now() const { return now_; }
    std::string offset() const { return now_.text(); }

    /// Another replica may have been further than we are yet.
    bool has_reached(const OffsetVector& there) const { return now_.covers(there); }

    /// What is missing to who stands there, oldest first, or only what has one of these keys.
    /// Nothing when some of it may be gone, or when it is more than so many bytes. The events live
    /// until the next add().
    std::optional<std::vector<Resent>> since(OffsetVector there, std::size_t bytes_max,
                                             const KeySet* only = nullptr) const;

    /// Grows with every change.
    std::uint64_t version() const { return version_; }
    std::size_t bytes() const { return bytes_; }

private:
    static std::size_t size_of(const SentEvent& event);

    const std::size_t bytes_max_;
    OffsetVector now_;
    OffsetVector kept_from_;  ///< all events from there on are kept
    std::deque<SentEvent> events_;
    std::size_t bytes_ = 0;
    std::uint64_t version_ = 0;
};

}  // namespace weir::emitter
