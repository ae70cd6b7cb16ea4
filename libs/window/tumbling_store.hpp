// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>

#include "window/bucket.hpp"
#include "window/store.hpp"

/// Inside libs/window only.
namespace weir::window {

/// Tumbling windows: a bucket of rows for each, and nothing to search while records fall into the
/// window of the one before.
class TumblingStore final : public Store {
public:
    explicit TumblingStore(const Options& options) : Store(options, options.size) {}
    ~TumblingStore() override;

    void take(const Record& record, bool may_refuse, Verdict& verdict) override;
    std::size_t visit_changed(std::size_t rows_max, const RowVisitor& visit) override;
    [[nodiscard]] std::size_t memory_bytes() const override;

private:
    using Buckets = std::map<EventTime, Bucket>;

    bool open_group() override;
    const Shown* peek() override;
    void pop() override;
    void close_group() override;
    void forget() override;
    EventTime next_wake() override;
    EventTime next_end() override;
    EventTime greatest_end(EventTime until) override;

    [[nodiscard]] Window window_of(EventTime time) const;
    Fate fold(const Record& record, const Window& window, bool may_refuse);
    Bucket* find_bucket(const Window& window);
    Bucket& open_bucket(const Window& window, Offset offset);
    std::uint32_t open_row(Bucket& bucket, KeyTable::Id id, Offset offset);
    void erase(Buckets::iterator at);

    Buckets buckets_;                     ///< by window end
    EventTime closed_to_ = no_watermark;  ///< up to which windows are closed
    std::set<EventTime> revised_;         ///< ends of closed windows with rows to show again
    Bucket* last_bucket_ = nullptr;
    std::uint64_t last_serial_ = 0;
    std::size_t bucket_bytes_ = 0;

    Buckets::iterator group_;
    bool revising_ = false;
    Shown shown_;
};

}  // namespace weir::window
