// SPDX-License-Identifier: Apache-2.0
#include "config/file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <system_error>

namespace weir::config {

Result<std::string> read_file(const std::filesystem::path& path, Bytes size_max) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string text(size_max.count + 1, '\0');
    if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.is_open() || file.bad())
        return Error{
            fmt::format("reading {}: {}", path.string(), std::generic_category().message(errno))};
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > size_max.count)
        return Error{fmt::format("reading {}: expected at most {} bytes, got more", path.string(),
                                 size_max.count)};
    return text;
}

}  // namespace weir::config
