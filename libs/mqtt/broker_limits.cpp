// SPDX-License-Identifier: Apache-2.0
#include "mqtt/broker_limits.hpp"

#include <fmt/format.h>

#include "mqtt/reason.hpp"

namespace weir::mqtt {
namespace {

bool denied(const Properties& connack, PropertyId id) {
    const auto own = connack.find(id);
    return own && own->number == 0;
}

}  // namespace

std::string obstacle(const Properties& connack, const std::vector<Subscription>& subscriptions,
                     std::size_t subscribe_bytes) {
    const bool no_shares = denied(connack, PropertyId::shared_available);
    const bool no_wildcards = denied(connack, PropertyId::wildcard_available);
    for (const auto& [filter, qos, optional] : subscriptions) {
        if (no_shares && filter.starts_with("$share/"))
            return fmt::format(
                "the broker has no shared subscriptions, which {} is: subscribe to "
                "the filter itself, with one client",
                filter);
        if (no_wildcards && filter.find_first_of("+#") != std::string::npos)
            return fmt::format(
                "the broker has no wildcard subscriptions, which {} is: subscribe "
                "to each topic by its name",
                filter);
    }
    if (const auto own = connack.find(PropertyId::packet_bytes_max);
        own && own->number < subscribe_bytes)
        return fmt::format(
            "the broker takes packets of {} bytes, and SUBSCRIBE with all filters "
            "has {}: raise its limit or subscribe to fewer filters",
            own->number, subscribe_bytes);
    return {};
}

std::string expiry_warning(const Properties& connack, std::uint32_t wanted_s) {
    const auto own = connack.find(PropertyId::session_expiry);
    if (!own || own->number >= wanted_s) return {};
    return fmt::format(
        "the broker keeps an absent client's session for {} s only, and what it "
        "holds is lost after that: raise its limit above the longest outage",
        own->number);
}

std::string grant_warning(std::string_view codes, const std::vector<Subscription>& subscriptions) {
    std::string warning;
    std::string refused;
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const auto code = static_cast<std::uint8_t>(codes[i]);
        if (code >= reason_failure_min)
            refused += fmt::format("{}subscribing to {}: {}", refused.empty() ? "" : "; ",
                                   subscriptions[i].filter, reason_text(code));
        if (code >= number(subscriptions[i].qos)) continue;
        warning += fmt::format("{}{} is granted at QoS {} only", warning.empty() ? "" : ", ",
                               subscriptions[i].filter, code);
        if (code == 0) warning += " and loses messages whenever a connection breaks";
    }
    if (!warning.empty())
        warning += ": raise the broker's limit (mosquitto: max_qos) or our rights";
    return warning.empty() || refused.empty() ? warning + refused : warning + "; " + refused;
}

}  // namespace weir::mqtt
