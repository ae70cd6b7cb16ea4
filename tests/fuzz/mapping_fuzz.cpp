// SPDX-License-Identifier: Apache-2.0
#include "mapping_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weir::fuzz::map_message({reinterpret_cast<const char*>(data), size});
    return 0;
}
