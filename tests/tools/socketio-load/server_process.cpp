// SPDX-License-Identifier: Apache-2.0
#include "server_process.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace socketio_load {

namespace fs = std::filesystem;

double ServerProcess::cpu_seconds() const {
    double nanoseconds = 0;
    for (const auto& task : fs::directory_iterator(folder_ + "/task")) {
        double used = 0;
        std::ifstream(task.path() / "schedstat") >> used;
        nanoseconds += used;
    }
    return nanoseconds / 1e9;
}

std::size_t ServerProcess::resident_bytes() const {
    std::size_t size = 0;
    std::size_t resident = 0;
    std::ifstream(folder_ + "/statm") >> size >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t ServerProcess::descriptors() const {
    const fs::directory_iterator files(folder_ + "/fd");
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

}  // namespace socketio_load
