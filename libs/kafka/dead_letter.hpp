// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kafka/producer.hpp"
#include "kafka/record.hpp"

namespace weir::kafka {

/// Headers that own their texts, for records that are put together piece by piece.
class HeaderList {
public:
    void add(std::string_view name, std::string value);
    void add(std::string_view name, std::int64_t value) { add(name, std::to_string(value)); }
    /// For as long as the list lives and nothing is added.
    [[nodiscard]] std::vector<Header> views() const;

private:
    std::vector<std::pair<std::string, std::string>> list_;
};

/// The headers every record carries that we pass on as it was: where it was found, and by whom.
HeaderList found_at(const RecordView& record, std::string_view origin);

/// The headers of a dead letter from Kafka: the reason, the step that refused it, and where the
/// original is. The letter's key and value are the original's bytes.
HeaderList dead_letter_headers(const RecordView& record, std::string_view reason,
                               std::string_view stage, std::string_view origin);

}  // namespace weir::kafka
