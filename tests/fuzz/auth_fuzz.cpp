// SPDX-License-Identifier: Apache-2.0
#include "auth_input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weir::fuzz::read_client_auth({reinterpret_cast<const char*>(data), size});
    return 0;
}
