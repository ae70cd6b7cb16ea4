// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>

#include "load.hpp"

namespace {

using namespace weir;

constexpr const char* usage =
    R"(Usage: bench-readings BOOTSTRAP-SERVERS TOPIC PARTITIONS READINGS DEVICES SECONDS

Writes READINGS of DEVICES, spread over SECONDS of event time, to TOPIC as fast as it takes them,
and then one of the device __last to each of its PARTITIONS, two hours later. Prints how many are in
the log: {"delivered":N,"failed":N}.
)";

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || value == 0) return std::nullopt;
    return value;
}

}  // namespace

int main(int argc, char** argv) {
    const auto at = [&](int i) { return argc == 7 ? number(argv[i]) : std::nullopt; };
    const auto partitions = at(3);
    const auto readings = at(4);
    const auto devices = at(5);
    const auto seconds = at(6);
    if (!partitions || !readings || !devices || !seconds) {
        std::fputs(usage, stderr);
        return 2;
    }
    const auto counts = bench::write(argv[1], argv[2], static_cast<std::int32_t>(*partitions),
                                     {*readings, *devices, *seconds});
    if (!counts) {
        std::fprintf(stderr, "bench-readings: %s\n", counts.error().message.c_str());
        return 1;
    }
    fmt::print("{{\"delivered\":{},\"failed\":{}}}\n", counts->delivered, counts->failed);
    return 0;
}
