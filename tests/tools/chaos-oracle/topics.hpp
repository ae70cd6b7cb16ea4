// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace weir::chaos {

/// One record as it is read.
/// Lifetime: the call of the handler.
struct Record {
    std::string_view key;
    std::string_view value;
    std::int64_t offset = 0;
    std::int64_t timestamp_ms = 0;
    const rd_kafka_message_t* native = nullptr;

    /// The last header of that name.
    [[nodiscard]] std::optional<std::string_view> header(const char* name) const;
};

/// Reads partitions from their beginning to the end they have now, committed records only.
///
/// The end is asked for without regard to transactions: what an open one hides for good is an
/// error, and not the end.
class Topics {
public:
    static Result<Topics> open(const std::string& bootstrap_servers);

    /// How many partitions the topic has.
    [[nodiscard]] Result<int> partitions(const std::string& topic) const;
    /// Errors: the brokers did not answer, or nothing came for half a minute.
    Result<void> read(const std::string& topic, int partition,
                      const std::function<void(const Record&)>& handler) const;

private:
    using Client = std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)>;
    using Queue = std::unique_ptr<rd_kafka_queue_t, void (*)(rd_kafka_queue_t*)>;
    static Result<Client> client(const std::string& bootstrap_servers, const char* isolation);
    Topics(Client committed, Client all, Queue queue);
    Result<void> assign(const std::string& topic, int partition) const;

    Client committed_;
    Client all_;
    Queue queue_;
};

}  // namespace weir::chaos
