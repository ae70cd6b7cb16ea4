// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace socketio_load {

/// The server as the kernel accounts for it.
class ServerProcess {
public:
    explicit ServerProcess(int pid) : folder_("/proc/" + std::to_string(pid)) {}

    /// Seconds of CPU of all its threads since they began, to the nanosecond.
    double cpu_seconds() const;
    /// Bytes of memory in user space.
    std::size_t resident_bytes() const;
    std::size_t descriptors() const;

private:
    std::string folder_;
};

}  // namespace socketio_load
