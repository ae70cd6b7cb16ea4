// SPDX-License-Identifier: Apache-2.0
#include "until.hpp"

#include <fmt/format.h>

#include "aggregation/from.hpp"

namespace weir::config {

using audit::Until;

Result<Until> Codec<Until>::parse(std::string_view text) {
    if (text == "committed" || text == "never") return Until{};
    if (text == "end") return Until{Until::Kind::end, {}};
    const auto offsets = Codec<aggregation::From>::parse(text);
    if (!offsets || offsets->offsets.empty())
        return Error{fmt::format("expected {}, got \"{}\"", metavar(), text)};
    return Until{Until::Kind::offsets, offsets->offsets};
}

std::string Codec<Until>::format(const Until& until) {
    switch (until.kind) {
        case Until::Kind::end: return "end";
        case Until::Kind::offsets:
            return Codec<aggregation::From>::format({.time = {}, .offsets = until.offsets});
        case Until::Kind::committed: break;
    }
    return "committed";
}

}  // namespace weir::config
