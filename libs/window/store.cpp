// SPDX-License-Identifier: Apache-2.0
#include "window/store.hpp"

#include <algorithm>

#include "window/session_store.hpp"
#include "window/slice_store.hpp"
#include "window/tumbling_store.hpp"

namespace weir::window {

std::unique_ptr<Store> Store::make(const Options& options) {
    switch (options.kind) {
        case Kind::tumbling: return std::make_unique<TumblingStore>(options);
        case Kind::hopping:
        case Kind::sliding: return std::make_unique<SliceStore>(options);
        case Kind::session: return std::make_unique<SessionStore>(options);
    }
    return nullptr;
}

Store::Store(const Options& options, Duration revision_step)
    : options_(options),
      content_(options),
      revision_step_(revision_step),
      completeness_margin_(options.kind == Kind::session ? options.size : Duration::zero()),
      outputs_(options.aggregates.list().size()) {}

bool Store::find_row() {
    while (in_group_ || (in_group_ = open_group())) {
        if (peek() != nullptr) return true;
        close_group();
        in_group_ = false;
    }
    return false;
}

void Store::settle() {
    due_ = find_row();
    if (due_) return;
    forget();
    wake_at_ = std::min(next_wake(), revise_at_);
}

std::size_t Store::close(std::size_t rows_max, const std::optional<CloseCursor>& until,
                         const RowVisitor* visit) {
    std::size_t shown = 0;
    for (; due_ && shown < rows_max; ++shown) {
        if (until && cursor() >= *until) break;
        if (visit != nullptr) show(*peek(), Finality::final, *visit);
        pop();
        settle();
    }
    return shown;
}

std::optional<EventTime> Store::next_rows() {
    const EventTime next = std::min(next_end(), revise_at_);
    return next == never ? std::nullopt : std::optional(next);
}

std::optional<EventTime> Store::quiet_watermark(EventTime until) {
    EventTime to = greatest_end(until);
    if (revise_at_ <= until) to = std::max(to, revise_at_);
    return to > watermark ? std::optional(to) : std::nullopt;
}

void Store::expect_revision(EventTime end) {
    if (revise_at_ == never) {
        const Duration since = watermark.time_since_epoch();
        revise_at_ = EventTime{(since / revision_step_ + 1) * revision_step_};
    }
    wake_by(std::min(revise_at_, forgotten_at(end)));
}

EventTime Store::shown_watermark(const Shown& row, Finality finality) const {
    const bool by_the_clock = watermark == quiet_watermark_ && finality == Finality::final;
    return by_the_clock && row.revision == 0 ? row.window.end : watermark;
}

void Store::show(const Shown& row, Finality finality, const RowVisitor& visit) {
    options_.aggregates.finish(row.state, row.records, outputs_);
    if (row.beyond)
        for (Output& output : outputs_)
            output.kind = Output::Kind::beyond;
    visit(Row{.window = row.window,
              .key = keys_[row.key].text,
              .values = outputs_,
              .records = row.records,
              .first_offset = row.first_offset,
              .last_offset = row.last_offset,
              .watermark = shown_watermark(row, finality),
              .finality = finality,
              .revision = row.revision,
              .complete = row.window.start - completeness_margin_ > incomplete_until});
}

}  // namespace weir::window
