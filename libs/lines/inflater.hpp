// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace weir::lines {

/// True for bytes that begin as a gzip file does (RFC 1952).
bool is_gzip(std::string_view beginning);

/// Turns the bytes of a gzip file into what they hold. Members may follow each other, as files
/// that were appended to each other have them.
/// Threads: one.
class Inflater {
public:
    Inflater();
    ~Inflater();

    /// Appends up to `out_max` bytes to `out` and takes what they came from off `in`. Gives fewer
    /// only when `in` is used up. Errors: damaged gzip, or bytes behind it that are none.
    Result<void> inflate(std::string_view& in, std::string& out, std::size_t out_max);

    /// True between two members: a file that ends elsewhere was cut short.
    [[nodiscard]] bool between_members() const { return between_members_; }

private:
    struct State;
    std::unique_ptr<State> state_;
    bool between_members_ = true;
};

}  // namespace weir::lines
