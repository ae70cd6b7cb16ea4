// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace weir::config {

/// The project's version (CMakeLists.txt).
extern const std::string_view version;

}  // namespace weir::config
