// SPDX-License-Identifier: Apache-2.0
#include "intake.hpp"

#include <cmath>
#include <variant>

#include "base/log.hpp"

namespace weir::serial_reader {
namespace {

runtime::Counter dropped_counter(runtime::Service& service, const char* reason) {
    return service.metrics().counter("weir_records_dropped_total",
                                     "Readings that were lost, by reason.", {{"reason", reason}});
}

}  // namespace

Intake::Intake(const Options& options, ReadingBuffer& buffer, runtime::Service& service)
    : options_(options),
      buffer_(buffer),
      framer_(options.line_max.count),
      disk_condition_(service.health().condition("buffer")),
      records_in_(service.metrics().counter("weir_records_in_total",
                                            "Readings taken from the serial line.")),
      calibrations_(service.metrics().counter("weir_calibrations_total",
                                              "Calibration lines: how often the device started.")),
      ro_kohm_(service.metrics().gauge("weir_calibration_ro_kohm",
                                       "The sensor's resistance in clean air, as last reported.")),
      dropped_full_(dropped_counter(service, "buffer_full")),
      dropped_disk_(dropped_counter(service, "disk_error")),
      stored_bytes_(service.metrics().gauge("weir_buffer_bytes",
                                            "Bytes of readings on disk, released ones included.")) {
    for (const Rejection rejection : rejections)
        rejected_[static_cast<std::size_t>(rejection)] = service.metrics().counter(
            "weir_lines_rejected_total", "Lines that were neither a reading nor a calibration.",
            {{"reason", std::string(name(rejection))}});
    service.metrics()
        .gauge("weir_buffer_records_max", "Readings the buffer has room for.")
        .set(static_cast<double>(buffer.capacity()));
    disk_condition_.met();
}

void Intake::restart() {
    if (framer_.restart()) reject(Rejection::half_line, "");
}

void Intake::take(std::string_view bytes, EventTime arrival, Clock::time_point now) {
    framer_.feed(bytes, [&](const Line& line) { take(line, arrival, now); });
}

void Intake::take(const Line& line, EventTime arrival, Clock::time_point now) {
    const Outcome outcome = parse_line(line, options_.decimals);
    if (const auto* rejection = std::get_if<Rejection>(&outcome)) {
        reject(*rejection, line.text);
        return;
    }
    last_good_ = now;
    last_rejection_.reset();
    if (const auto* measurement = std::get_if<Measurement>(&outcome))
        store(measurement->value, arrival);
    else
        note(std::get<Calibration>(outcome));
}

void Intake::store(double value, EventTime arrival) {
    records_in_.add();
    const auto stored = buffer_.append(arrival, value);
    stored_bytes_.set(static_cast<double>(buffer_.stored().count));
    if (stored) {
        if (disk_refuses_) {
            log::info("readings are written to the buffer again");
            disk_condition_.met();
        }
    } else {
        dropped_disk_.add();
        if (!disk_refuses_)
            log::error("readings are lost, the buffer cannot be written",
                       {{"reason", stored.error().message}});
        disk_condition_.unmet(stored.error().message);
    }
    disk_refuses_ = !stored;
    if (const std::uint64_t dropped = buffer_.dropped(); dropped != dropped_) {
        log::error("the buffer is full, its oldest readings are dropped",
                   {{"readings", dropped - dropped_}, {"buffer", options_.buffer}});
        dropped_full_.add(dropped - dropped_);
        dropped_ = dropped;
    }
}

void Intake::note(Calibration calibration) {
    calibrations_.add();
    ro_kohm_.set(calibration.ro_kohm);
    if (std::isfinite(calibration.ro_kohm) && calibration.ro_kohm > 0)
        log::info("the device has calibrated itself", {{"ro_kohm", calibration.ro_kohm}});
    else
        log::warn("the device could not calibrate itself, is the sensor connected?",
                  {{"ro_kohm", calibration.ro_kohm}});
}

void Intake::reject(Rejection rejection, std::string_view text) {
    rejected_[static_cast<std::size_t>(rejection)]->add();
    last_rejection_ = rejection;
    if (log::enabled(log::Level::debug))
        log::debug("a line was rejected", {{"reason", name(rejection)}, {"line", text}});
}

}  // namespace weir::serial_reader
