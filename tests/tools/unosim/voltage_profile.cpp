// SPDX-License-Identifier: Apache-2.0
#include "voltage_profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "arguments.hpp"

namespace weir::unosim {

Result<VoltageProfile> VoltageProfile::parse(std::string_view text) {
    std::vector<Point> points;
    std::istringstream lines{std::string(text)};
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        line.erase(std::min(line.find('#'), line.size()));
        std::istringstream fields(line);
        Point point{};
        if (!(fields >> std::ws) || fields.eof()) continue;
        const bool has_both = static_cast<bool>(fields >> point.seconds >> point.millivolts);
        std::string rest;
        fields >> rest;
        if (!has_both || !rest.empty() || point.millivolts < 0 || point.millivolts > millivolts_max)
            return Error{fmt::format("line {}: expected \"seconds millivolts\" with at most {} mV",
                                     number, millivolts_max)};
        const bool grows =
            points.empty() ? point.seconds == 0.0 : point.seconds > points.back().seconds;
        if (!grows)
            return Error{
                fmt::format("line {}: seconds start at 0 and grow from line to line", number)};
        points.push_back(point);
    }
    if (points.empty()) return Error{"expected at least one line \"0 millivolts\""};
    return VoltageProfile(std::move(points));
}

Result<VoltageProfile> VoltageProfile::read(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    if (!file || !(text << file.rdbuf()))
        return Error{fmt::format("reading {}: no such file, or it is empty", path)};
    Result<VoltageProfile> profile = parse(text.str());
    if (!profile) return Error{fmt::format("{}, {}", path, profile.error().message)};
    return profile;
}

std::uint32_t VoltageProfile::millivolts_at(std::chrono::duration<double> time) const {
    const double round = points_.back().seconds;
    const double at = round > 0 ? std::fmod(time.count(), round) : 0.0;
    const auto after = std::upper_bound(points_.begin(), points_.end(), at,
                                        [](double t, const Point& p) { return t < p.seconds; });
    const Point& from = *std::prev(after);
    if (after == points_.end()) return static_cast<std::uint32_t>(std::lround(from.millivolts));
    const double part = (at - from.seconds) / (after->seconds - from.seconds);
    return static_cast<std::uint32_t>(
        std::lround(std::lerp(from.millivolts, after->millivolts, part)));
}

}  // namespace weir::unosim
