// SPDX-License-Identifier: Apache-2.0
#include "watermark.hpp"

#include <utility>

namespace weir::audit {

Watermark::Watermark(Duration grace, std::optional<window::Checkpoint> checkpoint)
    : grace_(grace), checkpoint_(std::move(checkpoint)) {}

void Watermark::witness(const QuietClose& close) {
    const auto rest = closes_.begin() + static_cast<std::ptrdiff_t>(next_close_);
    closes_.insert(std::upper_bound(rest, closes_.end(), close,
                                    [](const auto& a, const auto& b) { return a.after < b.after; }),
                   close);
}

bool Watermark::reach(Offset position) {
    for (; next_close_ < closes_.size() && closes_[next_close_].after < position; ++next_close_)
        may_be(closes_[next_close_].watermark);
    if (!checkpoint_ || position < checkpoint_->replay_from) return true;
    const bool agrees = exact_ || least_ <= checkpoint_->watermark;
    if (!std::exchange(exact_, true)) raise(checkpoint_->watermark);
    const auto& moves = checkpoint_->moves;
    for (; next_move_ < moves.size() && moves[next_move_].offset <= position; ++next_move_)
        raise(moves[next_move_].watermark);
    return agrees;
}

void Watermark::raise(EventTime to) {
    if (to <= least_) return;
    least_ = to;
    steps_.push_back(to);
}

EventTime Watermark::that_reached(EventTime end) const {
    const auto step = std::lower_bound(steps_.begin(), steps_.end(), end);
    return step == steps_.end() ? least_ : *step;
}

}  // namespace weir::audit
