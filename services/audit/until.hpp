// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/types.hpp"
#include "config/codec.hpp"

namespace weir::audit {

/// Where the range that is audited ends.
struct Until {
    enum class Kind {
        committed,  ///< at what the group has committed
        end,        ///< where the input ends, and the run closed all windows there
        offsets,    ///< at these, of other partitions as `committed`
    };
    Kind kind = Kind::committed;
    std::map<Partition, Offset> offsets;
};

}  // namespace weir::audit

namespace weir::config {

/// `committed`, `end`, `0:1500,1:20`. The aggregator's `never` is taken for `committed`.
template <>
struct Codec<audit::Until> {
    static Result<audit::Until> parse(std::string_view text);
    static std::string format(const audit::Until& until);
    static std::string metavar() { return "committed|end|PARTITION:OFFSET,…"; }
};

}  // namespace weir::config
