// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <vector>

#include "base/assert.hpp"
#include "base/types.hpp"

/// Inside libs/window only.
namespace weir::window {

/// What is kept of one key, piece by piece in time order; each piece's accumulator follows its
/// head in memory.
///
/// Problem: a window is many pieces merged, for every key and each time a window closes, so they
/// must lie side by side. Most records belong to the newest piece, old ones leave at the front, and
/// now and then one comes in between.
///
/// Limits: pointers and references live until the next insertion or removal.
template <typename Head>
class Timeline {
    static_assert(std::is_trivially_copyable_v<Head> && sizeof(Head) % 8 == 0);

public:
    explicit Timeline(std::size_t state_words)
        : stride_(static_cast<std::uint32_t>(head_words + state_words)) {}

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

    [[nodiscard]] Head& head(std::size_t index) {
        return *std::launder(reinterpret_cast<Head*>(at(index)));
    }
    [[nodiscard]] const Head& head(std::size_t index) const {
        return *std::launder(reinterpret_cast<const Head*>(at(index)));
    }
    [[nodiscard]] std::uint64_t* state(std::size_t index) { return at(index) + head_words; }
    [[nodiscard]] const std::uint64_t* state(std::size_t index) const {
        return at(index) + head_words;
    }

    /// The first piece that starts at or after `time`, or size(). What is looked for is mostly near
    /// one of the ends, so the steps away from there double: a search touches little memory.
    [[nodiscard]] std::size_t lower_bound(EventTime time) const {
        std::size_t high = size_;
        std::size_t step = 1;
        while (high >= step && head(high - step).start >= time) {
            high -= step;
            step *= 2;
        }
        return lower_bound_between(high >= step ? high - step + 1 : 0, high, time);
    }
    /// The same, beginning at the front.
    [[nodiscard]] std::size_t lower_bound_from_front(EventTime time) const {
        std::size_t low = 0;
        std::size_t step = 1;
        while (low + step <= size_ && head(low + step - 1).start < time) {
            low += step;
            step *= 2;
        }
        return lower_bound_between(low, std::min<std::size_t>(low + step - 1, size_), time);
    }

    /// Asks for the memory of both ends.
    void prefetch() const {
        if (size_ == 0) return;
        __builtin_prefetch(at(0));
        __builtin_prefetch(at(size_ - 1));
    }

    /// Makes room for a piece before the one at `index`. Its accumulator is not set up.
    void insert(std::size_t index, const Head& head) {
        const auto where = static_cast<std::ptrdiff_t>((begin_ + index) * stride_);
        WEIR_ASSERT(size_ < (1U << 30U), "a key has at most a billion pieces");
        words_.insert(words_.begin() + where, stride_, 0);
        ++size_;
        ::new (at(index)) Head(head);
    }

    /// What the accumulators own has been released, or moved elsewhere.
    void erase(std::size_t index) {
        const auto where = words_.begin() + static_cast<std::ptrdiff_t>((begin_ + index) * stride_);
        words_.erase(where, where + static_cast<std::ptrdiff_t>(stride_));
        --size_;
    }
    void swap_with_previous(std::size_t index) {
        std::swap_ranges(at(index), at(index) + stride_, at(index - 1));
    }
    void erase_front(std::size_t count) {
        begin_ += static_cast<std::uint32_t>(count);
        size_ -= static_cast<std::uint32_t>(count);
        if (size_ == 0) {
            words_ = {};
            begin_ = 0;
        } else if (begin_ >= size_) {
            words_.erase(words_.begin(),
                         words_.begin() + static_cast<std::ptrdiff_t>(begin_ * stride_));
            begin_ = 0;
        }
    }

    [[nodiscard]] std::size_t memory_bytes() const { return words_.capacity() * 8; }

private:
    static constexpr std::size_t head_words = sizeof(Head) / 8;

    /// What is before `low` starts before `time`, what is at `high` or beyond does not.
    [[nodiscard]] std::size_t lower_bound_between(std::size_t low, std::size_t high,
                                                  EventTime time) const {
        while (low < high) {
            const std::size_t middle = (low + high) / 2;
            if (head(middle).start < time)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    [[nodiscard]] std::uint64_t* at(std::size_t index) {
        return words_.data() + (begin_ + index) * stride_;
    }
    [[nodiscard]] const std::uint64_t* at(std::size_t index) const {
        return words_.data() + (begin_ + index) * stride_;
    }

    std::vector<std::uint64_t> words_;
    std::uint32_t stride_;
    std::uint32_t begin_ = 0;
    std::uint32_t size_ = 0;
};

}  // namespace weir::window
