// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "jwt/verifier.hpp"

namespace weir::emitter {

/// What the hub counts. Written by the io thread, readable from any.
struct HubStats {
    using Counter = std::atomic<std::uint64_t>;

    Counter dropped{0};                                    ///< events lost for slow clients
    Counter subscribed{0};                                 ///< clients that get some keys only, now
    std::array<Counter, jwt::fault_count> unauthorized{};  ///< refused, by Fault
    Counter expired{0};  ///< disconnected when their token's time was over
};

}  // namespace weir::emitter
