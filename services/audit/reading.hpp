// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "aggregation/reading.hpp"
#include "base/types.hpp"
#include "window/types.hpp"

namespace weir::audit {

/// A reading of the input that some window took, with what the columns are about. Windows share it.
class Reading {
public:
    /// Copies what is borrowed. `bytes` is how much all readings take together; it outlives them.
    Reading(const aggregation::Reading& reading, Offset offset, std::uint64_t& bytes);
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    ~Reading() { bytes_ -= size_; }

    const EventTime time;
    const Offset offset;
    const std::string id;  ///< with --distinct-by: two are equal when their values are
    [[nodiscard]] std::span<const window::Input> inputs() const { return inputs_; }

private:
    std::vector<window::Input> inputs_;
    std::string texts_;
    std::uint64_t& bytes_;
    std::uint64_t size_;
};

/// In the order of their offsets, unless said otherwise.
using Readings = std::vector<std::shared_ptr<const Reading>>;

}  // namespace weir::audit
