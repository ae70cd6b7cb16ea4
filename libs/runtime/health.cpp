// SPDX-License-Identifier: Apache-2.0
#include "runtime/health.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace weir::runtime {
namespace {

void append_field(std::string& fields, std::string_view name, std::string_view value) {
    fields +=
        fmt::format("{}{}:{}", fields.empty() ? "" : ",", json_quoted(name), json_quoted(value));
}

}  // namespace

void Health::Condition::met() {
    const std::scoped_lock lock(health_->mutex_);
    reason_.reset();
}

void Health::Condition::unmet(std::string reason) {
    const std::scoped_lock lock(health_->mutex_);
    reason_ = std::move(reason);
}

void Health::Pulse::beat(Time now) {
    const std::scoped_lock lock(health_->mutex_);
    last_ = now;
}

Health::Condition& Health::condition(std::string name) {
    const std::scoped_lock lock(mutex_);
    conditions_.push_back(Condition(*this, std::move(name)));
    return conditions_.back();
}

Health::Pulse& Health::pulse(std::string name, std::chrono::milliseconds limit, Time now) {
    const std::scoped_lock lock(mutex_);
    pulses_.push_back(Pulse(*this, std::move(name), limit, now));
    return pulses_.back();
}

void Health::stopping() {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
}

Health::Report Health::ready() const {
    const std::scoped_lock lock(mutex_);
    bool good = !stopping_ && !conditions_.empty();
    std::string fields;
    for (const Condition& condition : conditions_) {
        good = good && !condition.reason_;
        append_field(fields, condition.name_, condition.reason_.value_or("ok"));
    }
    const std::string_view status = stopping_ ? "stopping" : good ? "ready" : "not ready";
    return {good, fmt::format(R"({{"status":"{}","conditions":{{{}}}}})", status, fields)};
}

Health::Report Health::alive(Time now) const {
    const std::scoped_lock lock(mutex_);
    bool good = true;
    std::string fields;
    for (const Pulse& pulse : pulses_) {
        const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - pulse.last_);
        const bool late = since > pulse.limit_;
        good = good && !late;
        append_field(fields, pulse.name_,
                     late ? fmt::format("silent for {} ms", since.count()) : "ok");
    }
    return {good,
            fmt::format(R"({{"status":"{}","loops":{{{}}}}})", good ? "alive" : "hung", fields)};
}

std::vector<std::pair<std::string, bool>> Health::conditions() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::pair<std::string, bool>> result;
    for (const Condition& condition : conditions_)
        result.emplace_back(condition.name_, !condition.reason_);
    return result;
}

}  // namespace weir::runtime
