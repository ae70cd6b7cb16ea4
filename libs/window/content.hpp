// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "window/aggregates.hpp"
#include "window/stream.hpp"

/// Inside libs/window only.
namespace weir::window {

/// What is kept of the records of a key that fall into one place (a tumbling window, a slice, a
/// session): the accumulator of the aggregates and, with Options::ids_max, behind it a word for
/// their ids.
///
/// Problem: whether a record is repeated must be decided in a replay as it was the first time, and
/// a replay reads only what windows are made of that are held. So ids live as long as the place
/// they belong to, and no longer (docs/decisions/0009).
///
/// Threads: immutable; any thread may use it.
class Content {
public:
    /// The options outlive it.
    explicit Content(const Options& options);

    /// Words of 64 bits. They may be moved in memory, but not copied.
    [[nodiscard]] std::size_t words() const { return words_; }
    /// True when release() must be called.
    [[nodiscard]] bool owns_memory() const { return aggregates_.owns_memory() || keeps_ids(); }
    [[nodiscard]] bool keeps_ids() const { return ids_max_ > 0; }

    /// Makes `state` (words() long) one of nothing.
    void reset(std::uint64_t* state) const;

    /// Keeps the id of a record. False when it is repeated: it was there, and there have never been
    /// more than are kept.
    [[nodiscard]] bool admit(std::uint64_t* state, const Input& id) const {
        return !keeps_ids() || admit_id(state, id);
    }

    /// There were more ids than are kept: repeated records may have been added.
    [[nodiscard]] bool beyond(const std::uint64_t* state) const {
        return keeps_ids() && ids_beyond(state);
    }

    /// Adds what `from` has, as if its records came after those of `state`, and releases it.
    void join(std::uint64_t* state, std::uint64_t* from) const;

    /// About how much memory a state owns beside its words.
    [[nodiscard]] std::size_t owned_bytes(const std::uint64_t* state) const;

    /// Gives up what the state owns; it is one of nothing then.
    void release(std::uint64_t* state) const;

private:
    [[nodiscard]] bool admit_id(std::uint64_t* state, const Input& id) const;
    [[nodiscard]] bool ids_beyond(const std::uint64_t* state) const;

    const Aggregates& aggregates_;
    std::uint64_t ids_max_;
    std::size_t ids_at_;
    std::size_t words_;
};

}  // namespace weir::window
