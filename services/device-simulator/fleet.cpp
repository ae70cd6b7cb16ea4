// SPDX-License-Identifier: Apache-2.0
#include "fleet.hpp"

#include <fmt/format.h>

#include <limits>

#include "base/assert.hpp"
#include "json/timestamp.hpp"
#include "json/writer.hpp"

namespace weir::device_simulator {
namespace {

constexpr std::uint64_t purpose_kind = 3;
constexpr std::uint64_t purpose_delay = 4;

}  // namespace

Fleet::Fleet(FleetOptions options, EventTime start)
    : options_(std::move(options)),
      start_(start),
      before_(options_.devices.size(), std::numeric_limits<double>::quiet_NaN()) {
    WEIR_ASSERT(!options_.devices.empty(), "a fleet has a device");
}

/// Reading n is of device n modulo the devices: so all are spread evenly over the interval.
std::optional<Elapsed> Fleet::next_reading() const {
    const std::uint64_t devices = options_.devices.size();
    const std::uint64_t round = number_ / devices;
    if (options_.count > 0 && round >= options_.count) return std::nullopt;
    const auto interval = static_cast<std::uint64_t>(options_.interval.count());
    const std::uint64_t time = round * interval + number_ % devices * interval / devices;
    return base_ + Elapsed{static_cast<std::int64_t>(time)};
}

std::optional<Elapsed> Fleet::next_due() const {
    const std::optional<Elapsed> reading = next_reading();
    if (held_.empty()) return reading;
    return reading ? std::min(*reading, held_.top().due) : held_.top().due;
}

Result<void> Fleet::take(Elapsed now, std::size_t count_max, std::vector<Message>& out) {
    for (std::size_t count = 0; count < count_max;) {
        const std::optional<Elapsed> reading = next_reading();
        const bool ready = !held_.empty() && held_.top().due <= now;
        if (ready && !(reading && *reading < held_.top().due)) {
            out.push_back(message_of(held_.top()));
            held_.pop();
            ++count;
        } else if (reading && *reading <= now) {
            held_.push(read());
        } else {
            break;
        }
    }
    return {};
}

Fleet::Reading Fleet::read() {
    const std::uint64_t device = number_ % options_.devices.size();
    const std::uint64_t sequence = number_ / options_.devices.size();
    const Elapsed time = *next_reading();
    double& value = before_[device];
    value = options_.value.next(options_.seed, device, sequence, time, value);
    return {time + delay_of(device, sequence), time, number_++, value};
}

Elapsed Fleet::delay_of(std::uint64_t device, std::uint64_t sequence) const {
    const DelayModel& delay = options_.delay;
    const double kind = random_unit(options_.seed, device, sequence, purpose_kind);
    if (kind < delay.late_share) return delay.late_by;
    if (kind >= delay.late_share + delay.share) return Elapsed{0};
    const double part = random_unit(options_.seed, device, sequence, purpose_delay);
    return std::chrono::duration_cast<Elapsed>(delay.longest * part);
}

Message Fleet::message_of(const Reading& reading) const {
    const std::string& device = options_.devices[reading.number % options_.devices.size()];
    if (options_.payload == PayloadForm::number)
        return {device, fmt::format("{:.3f}", reading.value)};
    std::string payload;
    json::Writer writer(payload, json::NumberStyle::python);
    writer.begin_object().key("timestamp").string(json::plain(start_ + reading.time));
    writer.key("device_name").string(device).key("data").number(reading.value);
    const std::uint64_t sequence = reading.number / options_.devices.size() + 1;
    writer.key("seq").number(static_cast<std::int64_t>(sequence)).end_object();
    return {device, std::move(payload)};
}

}  // namespace weir::device_simulator
