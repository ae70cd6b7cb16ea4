// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "base/types.hpp"

namespace weir::config {

/// The bytes of a file, or of whatever a path names that can be read to an end (a pipe, a
/// descriptor of the shell's). Errors: it cannot be read, or has more than `size_max`.
Result<std::string> read_file(const std::filesystem::path& path, Bytes size_max);

}  // namespace weir::config
