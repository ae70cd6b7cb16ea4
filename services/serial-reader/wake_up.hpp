// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "file_descriptor.hpp"

namespace weir::serial_reader {

/// Lets another thread end a poll() early: a descriptor that becomes readable.
///
/// Threads: ring() from any, the rest from the one that polls.
class WakeUp {
public:
    WakeUp();

    [[nodiscard]] int descriptor() const { return event_.get(); }
    void ring() const;
    /// Makes the descriptor quiet again. What was rung for is to be looked at after this call.
    void quiet() const;

private:
    FileDescriptor event_;
};

}  // namespace weir::serial_reader
