// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "mqtt/packet.hpp"

namespace weir::mqtt {

/// Bytes from the broker between the socket and the packets they make up.
///
/// Problem: a read ends anywhere in a packet, and a packet may be larger than we want to hold. So
/// what is incomplete stays, and of a too large packet the rest is passed over as it comes.
///
/// Threads: none of its own; one caller at a time.
/// Limits:  grows for a large packet only, up to its largest and one read, and shrinks after it.
class ReadBuffer {
public:
    explicit ReadBuffer(std::size_t packet_bytes_max) : packet_bytes_max_(packet_bytes_max) {}

    /// Where to read into next. Ends what unread() gave.
    std::span<char> room() {
        if (begin_ == end_) {
            begin_ = end_ = 0;
            if (bytes_.size() > read_bytes) {
                bytes_.resize(read_bytes);
                bytes_.shrink_to_fit();
            }
        }
        move_to(0, begin_);
        begin_ = 0;
        if (end_ == bytes_.size())
            bytes_.resize(std::min(bytes_.size() * 2, packet_bytes_max_ + read_bytes));
        return std::span(bytes_).subspan(end_);
    }

    /// `count` bytes have come into room().
    void filled(std::size_t count) {
        const std::size_t skipped = std::min(skip_, count);
        skip_ -= skipped;
        const std::size_t kept_from = end_;
        end_ += count;
        move_to(kept_from, kept_from + skipped);
    }

    [[nodiscard]] std::string_view unread() const {
        return std::string_view(bytes_).substr(begin_, end_ - begin_);
    }

    /// The packet at the beginning of unread() is done with.
    void take(const Frame& frame) {
        begin_ += frame.size;
        const std::size_t skipped = std::min(frame.missing, end_ - begin_);
        begin_ += skipped;
        skip_ = frame.missing - skipped;
    }

    void clear() { begin_ = end_ = skip_ = 0; }

private:
    static constexpr std::size_t read_bytes = 64UL << 10;

    /// Moves the bytes from `from` on to `to`, which is not behind them.
    void move_to(std::size_t to, std::size_t from) {
        if (to == from) return;
        std::copy(bytes_.begin() + static_cast<std::ptrdiff_t>(from),
                  bytes_.begin() + static_cast<std::ptrdiff_t>(end_),
                  bytes_.begin() + static_cast<std::ptrdiff_t>(to));
        end_ -= from - to;
    }

    std::size_t packet_bytes_max_;
    std::string bytes_ = std::string(read_bytes, '\0');
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t skip_ = 0;  // bytes of a too large packet still to come
};

}  // namespace weir::mqtt
