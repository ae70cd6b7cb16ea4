// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aggregation/rules.hpp"
#include "base/result.hpp"
#include "window/checkpoint.hpp"

namespace weir::aggregation {

/// The options that decide what becomes of a record, and the input's number of partitions.
///
/// Problem: a checkpoint is only worth something to a stream that would have done the same with
/// the same records. So these travel with every committed offset, readable, and a start with
/// others is refused by name.
class Fingerprint {
public:
    Fingerprint(const Rules& rules, int partitions);

    [[nodiscard]] std::uint64_t hash() const { return hash_; }
    /// `partitions=4;key=device_name;window=15s;…`, a long value as `#` and its hash.
    [[nodiscard]] const std::string& text() const { return text_; }
    /// One sentence for each entry that differs from those of `other`, a text().
    [[nodiscard]] std::vector<std::string> differences(std::string_view other) const;

private:
    void add_further(const Rules& rules);

    std::vector<std::pair<std::string, std::string>> entries_;
    std::string text_;
    std::uint64_t hash_ = 0;
};

/// The metadata of a committed offset: the checkpoint and the fingerprint.
std::string encode_metadata(const window::Checkpoint& checkpoint, const Fingerprint& fingerprint,
                            int format = window::checkpoint_formats().standard);

/// How long a checkpoint's own text may be, so that the metadata fits into Kafka's default limit.
std::size_t checkpoint_bytes_max(const Fingerprint& fingerprint);

struct Metadata {
    window::Checkpoint checkpoint;
    std::uint64_t hash = 0;
    std::string fingerprint;
    int format = 0;
};

/// Errors: what the lib says, and of a format to come what to do.
Result<Metadata> decode_metadata(std::string_view text);

}  // namespace weir::aggregation
