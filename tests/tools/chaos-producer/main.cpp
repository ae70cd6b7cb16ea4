// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>

#include "load.hpp"

namespace {

constexpr const char* usage =
    R"(Usage: chaos-producer BOOTSTRAP-SERVERS TOPIC SEED RATE SECONDS

Writes RATE readings a second to TOPIC for SECONDS, waits until all are in the log, and prints how
many are: {"delivered":N,"failed":N,"seconds":S}.
)";

std::optional<std::uint64_t> parse(std::string_view text, std::uint64_t least) {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || value < least) return std::nullopt;
    return value;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace weir::chaos;
    const auto seed = argc == 6 ? parse(argv[3], 0) : std::nullopt;
    const auto rate = argc == 6 ? parse(argv[4], 1) : std::nullopt;
    const auto seconds = argc == 6 ? parse(argv[5], 1) : std::nullopt;
    if (!seed || !rate || !seconds) {
        std::fputs(usage, stderr);
        return 2;
    }
    const auto written = write({argv[1], argv[2], *seed, *rate, *seconds});
    if (!written) {
        std::fprintf(stderr, "chaos-producer: %s\n", written.error().message.c_str());
        return 1;
    }
    fmt::print("{{\"delivered\":{},\"failed\":{},\"seconds\":{:.1f}}}\n", written->delivered,
               written->failed, written->seconds);
    return 0;
}
