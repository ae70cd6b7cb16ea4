// SPDX-License-Identifier: Apache-2.0
#include "slot_group.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.hpp"

namespace weir::mqtt_bridge {
namespace {

using namespace std::chrono_literals;
using kafka::Rebalance;

/// One question for the number of slots, to brokers that have just answered.
constexpr auto request_wait = 1s;

std::string list_of(const std::set<int>& slots) {
    std::string text;
    for (const int slot : slots)
        text += (text.empty() ? "" : ",") + std::to_string(slot);
    return text.empty() ? "none" : text;
}

}  // namespace

Result<SlotGroup> SlotGroup::open(const Options& options, runtime::Health& health, Meters& meters,
                                  Lanes& lanes) {
    auto consumer = kafka::Consumer::open(
        options.kafka,
        {.client_id = "mqtt-bridge-slots", .group = options.mqtt.client_id + "-slots"});
    if (!consumer) return Error{consumer.error().message};
    return SlotGroup(options, health, meters, lanes, std::move(*consumer));
}

SlotGroup::SlotGroup(const Options& options, runtime::Health& health, Meters& meters, Lanes& lanes,
                     kafka::Consumer consumer)
    : options_(options),
      meters_(meters),
      lanes_(lanes),
      ready_(health.condition("slots")),
      consumer_(std::move(consumer)),
      plan_(options) {
    ready_.unmet("waiting for Kafka and its topics");
}

Result<void> SlotGroup::follow() {
    if (!std::exchange(joined_, true)) {
        if (auto joined = consumer_.subscribe({options_.slots}); !joined)
            return Error{joined.error().message};
        ready_.unmet("waiting for slots from the group");
    }
    for (const kafka::Event& event : consumer_.poll(0ms))
        if (event.kind == kafka::Event::Kind::failed) {
            if (event.failure->meaning == kafka::Meaning::fatal)
                return Error{event.failure->message};
            log::debug("following the slots' group", {{"reason", event.failure->message}});
        }
    if (const auto failure = consumer_.fatal()) return Error{failure->message};
    while (const Rebalance* const next = consumer_.next_rebalance()) {
        const auto [kind, slots] = *next;
        const auto done = kind == Rebalance::Kind::assigned  ? take(slots)
                          : kind == Rebalance::Kind::revoked ? give_back(slots)
                                                             : lose(slots);
        if (!done) return done.error();
        if (!*done) break;
    }
    return {};
}

/// Every member is asked each time the group shares out anew, so all of them see a new number of
/// slots together.
Result<bool> SlotGroup::take(const Slots& slots) {
    const auto count = consumer_.partition_count(options_.slots, request_wait);
    const bool known =
        count && *count > 0 && std::all_of(slots.begin(), slots.end(), [&](const auto& slot) {
            return number(slot.partition) < *count;
        });
    if (!known) {
        ready_.unmet(count ? fmt::format("the topic {} does not exist", options_.slots)
                           : count.error().message);
        return false;
    }
    std::vector<kafka::Position> positions;
    for (const kafka::TopicPartition& slot : slots)
        positions.push_back({slot, Offset{0}, {}});
    if (auto started = consumer_.start(positions); !started) return Error{started.error().message};
    // There is nothing to be read, so nobody has to ask for it.
    if (auto paused = consumer_.pause(slots); !paused) return Error{paused.error().message};
    if (*count != plan_.count() && options_.topics.size() > 1 &&
        static_cast<std::size_t>(*count) > options_.topics.size())
        log::warn(
            "there are more slots than filters: a replica may stand by while another has "
            "several filters",
            {{"slots", *count}, {"filters", options_.topics.size()}});
    plan_.take(slots, *count);
    lanes_.want(plan_.sessions(), Lanes::Parting::drain);
    ready_.met();
    say("slots taken over", slots);
    if (!std::exchange(standing_by_, plan_.sessions().empty()) && standing_by_)
        log::info("standing by: no filter is this replica's");
    return true;
}

Result<bool> SlotGroup::give_back(const Slots& slots) {
    plan_.release(slots);
    lanes_.want(plan_.sessions(), Lanes::Parting::drain);
    if (lanes_.draining()) return false;
    if (auto stopped = consumer_.stop(slots); !stopped) return Error{stopped.error().message};
    say("slots given back", slots);
    return true;
}

Result<bool> SlotGroup::lose(const Slots& slots) {
    plan_.release(slots);
    lanes_.want(plan_.sessions(), Lanes::Parting::run_out);
    if (auto stopped = consumer_.stop(slots); !stopped) return Error{stopped.error().message};
    ready_.unmet("the group took the slots away without asking; waiting for slots from it");
    say("slots lost", slots);
    return true;
}

void SlotGroup::say(std::string_view what, const Slots& slots) {
    meters_.show_slots(plan_.owned(), plan_.count());
    if (slots.empty()) return;
    std::set<int> these;
    for (const kafka::TopicPartition& slot : slots)
        these.insert(number(slot.partition));
    log::info(what, {{"slots", list_of(these)},
                     {"owned", list_of(plan_.owned())},
                     {"of", plan_.count()},
                     {"filters", plan_.sessions().size()}});
}

}  // namespace weir::mqtt_bridge
