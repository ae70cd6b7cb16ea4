// SPDX-License-Identifier: Apache-2.0
#include "simulator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "outbox.hpp"
#include "replay.hpp"

namespace weir::device_simulator {
namespace {

using namespace std::chrono_literals;
using Clock = Outbox::Clock;

// Waking up more often costs more than it brings: what is due by then is published together.
constexpr auto tick = 1ms;
constexpr auto patience_start = 100ms;
constexpr auto patience_full = 1s;
constexpr auto close_wait = 2s;
constexpr auto gauges_interval = 250ms;

EventTime wall_time() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
}

std::uint64_t seed_of(const Options& options) {
    if (options.seed) return *options.seed;
    std::random_device random;
    const std::uint64_t seed = std::uint64_t{random()} << 32U | random();
    log::info("drew a seed", {{"seed", seed}});
    return seed;
}

Result<std::unique_ptr<Source>> open_recording(const Options& options) {
    auto file = std::make_unique<std::ifstream>(options.replay);
    if (!file->is_open())
        return Error{fmt::format("opening the recording {}: it cannot be read", options.replay)};
    auto replay = Replay::open(std::move(file), options.replay, options.speed);
    if (!replay) return replay.error();
    return std::unique_ptr<Source>(std::move(*replay));
}

std::unique_ptr<Source> make_fleet(const Options& options) {
    return std::make_unique<Fleet>(
        FleetOptions{options.names(), options.interval, options.count, seed_of(options),
                     options.value, options.payload, options.delay},
        wall_time());
}

/// Moves messages from the source to the outbox when their time has come.
class Pacer {
public:
    Pacer(Source& source, Outbox& outbox, runtime::Service& service)
        : source_(source),
          outbox_(outbox),
          service_(service),
          taken_(service.metrics().counter("weir_readings_total", "Readings taken.")),
          waits_(service.metrics().counter("weir_waits_total",
                                           "Times the devices waited because --queue was full.")),
          lag_(service.metrics().gauge("weir_lag_seconds",
                                       "How far the devices are behind their times.")) {}

    Result<void> run() {
        start_ = Clock::now();
        while (!service_.stop().stop_requested()) {
            const Clock::time_point now = Clock::now();
            if (auto moved = move(now); !moved) return moved;
            outbox_.pump();
            show(now);
            const std::optional<Elapsed> due = source_.next_due();
            if (!due && outbox_.idle()) return {};
            const auto next = due ? start_ + *due : now + gauges_interval;
            outbox_.wait_until(std::clamp(next, now + tick, now + gauges_interval));
        }
        return {};
    }

private:
    Result<void> move(Clock::time_point now) {
        const Elapsed elapsed = std::chrono::duration_cast<Elapsed>(now - start_);
        const std::optional<Elapsed> due = source_.next_due();
        if (!due || *due > elapsed) return {};
        if (outbox_.room() == 0) full_since_ = full_since_.value_or(now);
        if (full_since_ && !has_room_again(now)) return {};
        batch_.clear();
        if (auto taken = source_.take(elapsed, outbox_.room(), batch_); !taken) return taken;
        taken_.add(batch_.size());
        for (Message& message : batch_)
            outbox_.add(std::move(message));
        return {};
    }

    /// A full outbox is left alone until half of it is gone; the devices' times wait with it.
    bool has_room_again(Clock::time_point now) {
        const Clock::duration waited = now - *full_since_;
        if (outbox_.room() < room_max_ / 2) {
            if (waited > patience_full && !std::exchange(wait_told_, true))
                log::warn("the devices wait: --queue is full of readings for the MQTT broker");
            return false;
        }
        source_.postpone(std::chrono::duration_cast<Elapsed>(waited));
        full_since_.reset();
        waits_.add();
        if (std::exchange(wait_told_, false)) log::info("the devices go on");
        return true;
    }

    void show(Clock::time_point now) {
        if (now < next_show_) return;
        next_show_ = now + gauges_interval;
        outbox_.update_gauges();
        const std::optional<Elapsed> due = source_.next_due();
        const auto behind = due ? now - (start_ + *due) : Clock::duration{0};
        lag_.set(std::max(0.0, std::chrono::duration<double>(behind).count()));
    }

    Source& source_;
    Outbox& outbox_;
    runtime::Service& service_;
    runtime::Counter taken_;
    runtime::Counter waits_;
    runtime::Gauge lag_;
    Clock::time_point start_{};
    Clock::time_point next_show_{};
    const std::size_t room_max_ = outbox_.room();
    std::optional<Clock::time_point> full_since_;
    bool wait_told_ = false;
    std::vector<Message> batch_;
};

}  // namespace

Result<void> run(const Options& options, runtime::Service& service) {
    std::unique_ptr<Source> source;
    if (!options.replay.empty()) {
        auto recording = open_recording(options);
        if (!recording) return recording.error();
        source = std::move(*recording);
    }
    Outbox outbox(options, service);
    while (!outbox.started() && !service.stop().stop_requested())
        outbox.wait_until(Clock::now() + patience_start);
    if (source == nullptr) source = make_fleet(options);
    Result<void> result = Pacer(*source, outbox, service).run();
    outbox.close(close_wait);
    outbox.update_gauges();
    return result;
}

}  // namespace weir::device_simulator
