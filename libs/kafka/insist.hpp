// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <thread>

#include "kafka/failure.hpp"

namespace weir::kafka {

/// Asks Kafka until there is an answer or a failure that asking again does not mend, or `patient`
/// says false. Returns the last outcome.
template <typename Ask, typename Patient>
auto insist(Ask ask, Patient patient) -> decltype(ask()) {
    constexpr std::chrono::milliseconds pause{100};
    while (true) {
        auto outcome = ask();
        if (outcome || outcome.error().meaning != Meaning::retriable || !patient()) return outcome;
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace weir::kafka
