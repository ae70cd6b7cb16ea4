// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "card.hpp"
#include "kafka/record.hpp"
#include "relay.hpp"
#include "selection.hpp"

namespace weir::emitter {

/// A record as this service looks at it; borrows.
struct Input {
    std::string_view topic;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::int64_t timestamp_ms = -1;
    std::optional<std::string_view> key = {};
    std::string_view value = {};
    std::span<const kafka::Header> headers = {};
};

/// Why a record does not become an event.
enum class Flaw { none, too_large, not_an_object, not_a_result, map_failed };
constexpr std::size_t flaw_count = 5;
std::string_view name(Flaw flaw);

/// What left a record out that is good.
enum class Filter { none, key, map };
std::string_view name(Filter filter);

/// Whether a record is a result that a later one replaces. See History.
enum class Finality { none, running, final_result };

/// What one relay makes of one record.
struct Outgoing {
    std::size_t relay = 0;  ///< index in the list of relays
    Flaw flaw = Flaw::none;
    Filter filter = Filter::none;
    std::string why = {};    ///< of the flaw
    std::string value = {};  ///< JSON; empty if it is no event
    std::string meta = {};   ///< JSON; empty in the plain namespace
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::int64_t timestamp_ms = -1;
    Finality finality = Finality::none;
    std::string slot = {};  ///< of a result: its key and window
    std::string key = {};   ///< of the record; empty if it has none
    bool is_live = true;    ///< false for what was in the topic before this process started

    [[nodiscard]] bool is_event() const { return flaw == Flaw::none && filter == Filter::none; }
};

/// Makes events of records. Pure.
///
/// A value that is no JSON object is a flaw, but in a dead letter (it has the header weir-error) of
/// a relay without a map: such a value is sent as a JSON string, cut to `dead_value_bytes_max`.
/// What a map makes may be any JSON value, and is then shaped as a record's value would be.
///
/// Threads: one.
class Translator {
public:
    static constexpr std::size_t dead_value_bytes_max = 1024;

    /// `relays` and `zone` outlive it. `selections`: one for each relay.
    Translator(const std::vector<Relay>& relays, const json::TimeZone& zone,
               std::size_t value_bytes_max, std::vector<Selection> selections);

    /// Appends one Outgoing for each relay of the record's topic.
    void translate(const Input& input, std::vector<Outgoing>& out);

private:
    void make_event(const Input& input, Outgoing& outgoing);
    bool check_size(const Input& input, Outgoing& outgoing) const;
    void shape_value(const Input& input, Outgoing& outgoing);
    void map_value(const Input& input, std::string_view meta, Outgoing& outgoing);
    void make_card(std::string_view value, Outgoing& outgoing);

    const std::vector<Relay>& relays_;
    std::multimap<std::string, std::size_t, std::less<>> by_topic_;
    const std::size_t value_bytes_max_;
    std::vector<Selection> selections_;
    std::vector<std::string> mapped_;
    CardMaker card_maker_;
    json::Extractor object_check_;
};

/// `{"topic","partition","offset","timestamp_ms","key","headers":{…}}`. Bytes that are not UTF-8
/// become U+FFFD; of headers with the same name the last counts.
std::string meta_json(const Input& input);

}  // namespace weir::emitter
