// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace weir::window {

struct Checkpoint;

/// What a checkpoint's text says of its own format.
struct FormatMark {
    int number = 0;
    /// The oldest format whose readers come to the same results from it.
    int oldest_reader = 0;
};

/// A way to write checkpoints down.
///
/// Problem: while one version of a service replaces another, both are in the group and partitions
/// go from one to the other and back; so what the newer one commits has to be read by the older
/// one for as long as that may come back. The rules are in docs/decisions/0008-upgrades.md.
struct CheckpointFormat {
    /// Rises with every change of the text.
    FormatMark mark;
    /// Appends the parts that follow the options' hash, each after a space. nullptr: of a version
    /// that is gone, only read.
    void (*append)(std::string& out, const Checkpoint& checkpoint);
    /// Reads those parts. `later`: they are of a later format that may be read as this one, so
    /// what follows the parts this one knows is left alone. False: the text is broken.
    bool (*parse)(std::string_view parts, bool later, Checkpoint& checkpoint);
    /// Bounds what append() can need for this checkpoint and for later ones with the same moves or
    /// fewer.
    std::size_t (*bytes_max)(const Checkpoint& checkpoint);
};

struct CheckpointFormats {
    std::span<const CheckpointFormat* const> known;  ///< by rising numbers
    /// Written unless another is asked for: one that the version before this one reads, too.
    int standard = 0;

    /// Of those that are written.
    [[nodiscard]] int oldest_written() const;
    [[nodiscard]] int newest() const;
};

/// What this version of the program knows.
const CheckpointFormats& checkpoint_formats();

extern const CheckpointFormat checkpoint_format_1;
extern const CheckpointFormat checkpoint_format_2;

}  // namespace weir::window
