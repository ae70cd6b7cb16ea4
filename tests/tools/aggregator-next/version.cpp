// SPDX-License-Identifier: Apache-2.0
#include "config/version.hpp"

namespace weir::config {

constinit const std::string_view version = "99.0.0";

}  // namespace weir::config
