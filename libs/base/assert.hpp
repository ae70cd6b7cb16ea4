// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace weir {

/// Prints where and why, then aborts. Called by WEIR_ASSERT only.
[[noreturn]] void assertion_failed(const char* condition, const char* sentence, const char* file,
                                   int line);

}  // namespace weir

/// A bug of our own: stop at once, in every build, rather than go on with a broken invariant.
#define WEIR_ASSERT(condition, sentence)                                          \
    do {                                                                          \
        if (!(condition)) [[unlikely]]                                            \
            ::weir::assertion_failed(#condition, (sentence), __FILE__, __LINE__); \
    } while (false)
