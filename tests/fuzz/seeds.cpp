// SPDX-License-Identifier: Apache-2.0
// fuzz_seeds FOLDER: writes the inputs to begin with into FOLDER/<target>.
#include "seeds.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>

#include "auth_input.hpp"
#include "socketio_seeds.hpp"

namespace {

bool write(const std::filesystem::path& folder, const std::vector<std::string>& seeds) {
    std::filesystem::create_directories(folder);
    bool good = true;
    for (std::size_t i = 0; i < seeds.size(); ++i)
        good = (std::ofstream(folder / ("seed-" + std::to_string(i)), std::ios::binary) << seeds[i])
                   .good() &&
               good;
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: fuzz_seeds FOLDER\n";
        return 2;
    }
    const std::filesystem::path folder(argv[1]);
    const bool good = write(folder / "session", weir::fuzz::session_seeds()) &&
                      write(folder / "mapping", weir::fuzz::mapping_seeds()) &&
                      write(folder / "query", weir::fuzz::query_seeds()) &&
                      write(folder / "payload", weir::fuzz::payload_seeds()) &&
                      write(folder / "packet", weir::fuzz::packet_seeds()) &&
                      write(folder / "frame", weir::fuzz::frame_seeds()) &&
                      write(folder / "client", weir::fuzz::client_seeds()) &&
                      write(folder / "auth", weir::fuzz::auth_seeds());
    return good ? 0 : 1;
}
