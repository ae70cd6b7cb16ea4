// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace weir::emitter {

/// What the hub counts. Written by the io thread, readable from any.
struct HubStats {
    using Counter = std::atomic<std::uint64_t>;

    Counter subscribed{0};  ///< clients that get some keys only, now
};

}  // namespace weir::emitter
