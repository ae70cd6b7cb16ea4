// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/types.hpp"
#include "source.hpp"
#include "value_model.hpp"

namespace weir::device_simulator {

enum class PayloadForm {
    number,  ///< `863.850`: as the first version of this system sent it
    json,    ///< an object with the reading's own time and sequence number
};

constexpr auto choices_of(PayloadForm) {
    using namespace std::string_view_literals;
    return std::array{std::pair{"number"sv, PayloadForm::number},
                      std::pair{"json"sv, PayloadForm::json}};
}

/// How long readings are on their way before they are published.
struct DelayModel {
    double share = 0;                           ///< of the readings that are held back, 0 to 1
    Elapsed longest = std::chrono::seconds(5);  ///< they wait evenly between 0 and this
    double late_share = 0;                      ///< of the readings that come very late
    Elapsed late_by = std::chrono::minutes(1);  ///< they wait this long
};

struct FleetOptions {
    std::vector<std::string> devices;
    Elapsed interval = std::chrono::milliseconds(330);  ///< between two readings of a device
    std::uint64_t count = 0;                            ///< readings of each device; 0: no end
    std::uint64_t seed = 0;
    ValueModel value;
    PayloadForm payload = PayloadForm::number;
    DelayModel delay;
};

/// Devices that all take a reading every interval, spread evenly over it.
///
/// A reading's time is when it is taken; a delay lets it be published later, after younger ones.
/// Limits: remembers one number per device, and the readings on their way.
class Fleet final : public Source {
public:
    /// `start` is the time of the readings at zero elapsed.
    Fleet(FleetOptions options, EventTime start);

    std::optional<Elapsed> next_due() const override;
    Result<void> take(Elapsed now, std::size_t count_max, std::vector<Message>& out) override;
    void postpone(Elapsed pause) override { base_ += pause; }

    /// Readings taken and not published yet.
    std::size_t held() const { return held_.size(); }

private:
    struct Reading {
        Elapsed due;   // to be published
        Elapsed time;  // taken
        std::uint64_t number;
        double value;

        /// For a queue with the earliest on top.
        bool operator<(const Reading& other) const {
            return std::pair(due, number) > std::pair(other.due, other.number);
        }
    };

    std::optional<Elapsed> next_reading() const;
    Reading read();
    Elapsed delay_of(std::uint64_t device, std::uint64_t sequence) const;
    Message message_of(const Reading& reading) const;

    FleetOptions options_;
    EventTime start_;
    Elapsed base_{0};
    std::uint64_t number_ = 0;    // of the next reading, over all devices
    std::vector<double> before_;  // each device's value before
    std::priority_queue<Reading> held_;
};

}  // namespace weir::device_simulator
