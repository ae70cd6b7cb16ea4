// SPDX-License-Identifier: Apache-2.0
//
// The one place where a version of the program says which formats it knows. It holds nothing else,
// so that a build with another table is another version.
#include "window/checkpoint_formats.hpp"

#include <array>

namespace weir::window {

const CheckpointFormats& checkpoint_formats() {
    static constexpr std::array known{&checkpoint_format_1, &checkpoint_format_2};
    static constexpr CheckpointFormats formats{.known = known, .standard = 2};
    return formats;
}

}  // namespace weir::window
