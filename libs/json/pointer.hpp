// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::json {

/// A JSON pointer (RFC 6901): which value of a document is meant, split into its tokens once.
class Pointer {
public:
    /// `/window/start`, `/a~1b` (the member `a/b`), `/list/0`, or empty for the whole document.
    /// Errors: a text that does not start with `/`, or a `~` that is not `~0` or `~1`.
    static Result<Pointer> parse(std::string_view text);

    /// What a user writes in an option: a text that starts with `/` is a pointer, anything else is
    /// the name of a top-level member. Errors: as parse(), and an empty text.
    static Result<Pointer> from_option(std::string_view text);

    /// The top-level member `name`, whatever characters it has.
    static Pointer member(std::string_view name);

    [[nodiscard]] std::span<const std::string> tokens() const { return tokens_; }

    /// The pointer in RFC 6901's form.
    [[nodiscard]] const std::string& text() const { return text_; }

    friend bool operator==(const Pointer&, const Pointer&) = default;

private:
    std::string text_;
    std::vector<std::string> tokens_;
};

/// The element a token means within an array, or nothing: digits without a leading zero.
std::optional<std::uint32_t> array_index(std::string_view token);

}  // namespace weir::json
