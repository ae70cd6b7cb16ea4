// SPDX-License-Identifier: Apache-2.0
#include "status_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "aggregation/group_key.hpp"
#include "kafka/headers.hpp"

namespace weir::aggregator {

using kafka::Failure;
using kafka::Meaning;
using namespace std::chrono_literals;

namespace {

constexpr auto request_timeout = 5000ms;
constexpr auto step = 100ms;

/// Without a record for this long the attempt is given up, so that the partitions that are at work
/// are looked after; the next attempt begins anew.
constexpr auto silence_max = 1000ms;

Failure no_status(const kafka::RecordView& record, std::string_view reason) {
    return {Meaning::fatal, 0,
            fmt::format("partition {} of {}, offset {}: no status record of this group: {}",
                        number(record.partition), record.topic, number(record.offset), reason)};
}

}  // namespace

/// One partition being read.
struct StatusLog::Part {
    kafka::TopicPartition where;
    Offset end{};  ///< what the leader said before it was read
    bool whole = false;
    /// The last record of each key, by the record's key.
    struct Last {
        Status status;
        std::string key;
        EventTime time;
        Offset offset;
    };
    std::unordered_map<std::string, Last> keys{};
};

kafka::Outcome<StatusLog> StatusLog::open(const Options& options, std::function<bool()> patience) {
    auto consumer = kafka::Consumer::open(options.kafka, {.client_id = "aggregator-status"});
    if (!consumer) return consumer.error();
    return StatusLog(options, std::move(*consumer), std::move(patience));
}

StatusLog::StatusLog(const Options& options, kafka::Consumer consumer,
                     std::function<bool()> patience)
    : options_(options),
      consumer_(std::move(consumer)),
      parser_(options),
      patience_(std::move(patience)) {}

kafka::Outcome<std::vector<Attendance>> StatusLog::load(
    std::span<const kafka::TopicPartition> inputs) {
    std::vector<Part> parts;
    std::vector<kafka::Position> positions;
    for (const kafka::TopicPartition& input : inputs) {
        Part part{.where = {options_.status, input.partition}};
        // The leader answers this only when it knows everything that was ever acknowledged.
        const auto log = consumer_.query_watermarks(part.where, request_timeout);
        if (!log) return log.error();
        part.end = log->high;
        positions.push_back({part.where, log->low, {}});
        parts.push_back(std::move(part));
    }
    if (auto started = consumer_.start(positions); !started) return started.error();
    auto outcome = read(parts);
    std::vector<kafka::TopicPartition> read;
    for (const Part& part : parts)
        read.push_back(part.where);
    if (auto stopped = consumer_.stop(read); outcome && !stopped) outcome = stopped;
    if (!outcome) return outcome.error();

    std::vector<Attendance> attendances;
    for (const Part& part : parts) {
        Attendance& attendance =
            attendances.emplace_back(*options_.expect_every, options_.expected_keys_max);
        for (const auto& [name, last] : part.keys)
            attendance.restore({.status = last.status,
                                .key = last.key,
                                .last = last.time,
                                .last_offset = last.offset});
    }
    return attendances;
}

kafka::Outcome<void> StatusLog::read(std::span<Part> parts) {
    auto heard = std::chrono::steady_clock::now();
    std::size_t left = parts.size();
    while (left > 0) {
        if (!patience_()) return Failure{Meaning::retriable, 0, "stopped"};
        const auto events = consumer_.poll(step);
        const auto now = std::chrono::steady_clock::now();
        for (const kafka::Event& event : events) {
            if (event.kind == kafka::Event::Kind::failed) {
                if (event.failure->meaning == Meaning::retriable) continue;
                return *event.failure;
            }
            const auto part = std::find_if(parts.begin(), parts.end(), [&](const Part& candidate) {
                return candidate.where.partition == event.record.partition;
            });
            if (part == parts.end()) continue;
            heard = now;
            if (event.kind == kafka::Event::Kind::record) {
                if (auto taken = take(event.record, *part); !taken) return taken;
                continue;
            }
            const auto log = consumer_.cached_watermarks(part->where);
            const bool decided =
                log && log->high == event.record.offset && event.record.offset >= part->end;
            if (decided && !std::exchange(part->whole, true)) --left;
        }
        if (now - heard > silence_max) break;
    }
    if (left == 0) return {};
    const auto waiting =
        std::find_if(parts.begin(), parts.end(), [](const Part& part) { return !part.whole; });
    return Failure{Meaning::retriable, 0,
                   fmt::format("partition {} of {} has not been read to its end: a transaction of "
                               "a former owner is not over, or no broker answers",
                               number(waiting->where.partition), options_.status)};
}

kafka::Outcome<void> StatusLog::take(const kafka::RecordView& record, Part& part) {
    const std::string name(record.key);
    if (record.value.data() == nullptr) {
        part.keys.erase(name);
        return {};
    }
    const auto read = parser_.read(record.value, record.header(kafka::header::source).value_or(""));
    if (!read) return no_status(record, read.error().message);
    std::string buffer;
    if (record_key(key_fields(options_).size(), read->key, buffer) != name)
        return no_status(record, "its key is not that of its value");
    part.keys.insert_or_assign(
        name, Part::Last{read->status, std::string(read->key), read->last, read->last_offset});
    return {};
}

}  // namespace weir::aggregator
