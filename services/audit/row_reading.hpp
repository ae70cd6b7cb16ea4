// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "kafka/record.hpp"
#include "originals.hpp"
#include "written_row.hpp"

namespace weir::audit {

/// A record of a results topic as the row it is. Errors: it is no final result of an aggregator;
/// they name the record and the header.
Result<WrittenRow> read_row(const kafka::RecordView& record);

/// A late record or a dead letter, and where its original is.
struct PassedOn {
    std::string input;
    Partition partition{};
    Original original;
};

/// Nothing when it is of a service that names no original. Errors: as above.
Result<std::optional<PassedOn>> read_original(const kafka::RecordView& record, bool late);

}  // namespace weir::audit
