// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstdio>
#include <string_view>

#include "counting.hpp"

namespace weir::mqtt_counter {

void Tally::subscribed() {
    std::puts("subscribed");
    std::fflush(stdout);
}

void Tally::add() {
    if (count_.fetch_add(1, std::memory_order_relaxed) + 1 != wanted_) return;
    std::printf("counted %llu\n", static_cast<unsigned long long>(wanted_));
    std::fflush(stdout);
}

}  // namespace weir::mqtt_counter

namespace {

constexpr const char* usage =
    R"(Usage: mqtt-counter own|paho HOST PORT FILTER COUNT

Subscribes to FILTER at QoS 1, with the session of libs/mqtt or with paho-mqtt-c, and says on its
output when it has subscribed and when COUNT messages have come. It runs until it is ended; the
broker keeps its session.
)";

template <typename Number>
bool parse(std::string_view text, Number& value) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace weir::mqtt_counter;
    Work work;
    const std::string_view engine = argc == 6 ? argv[1] : "";
    const bool known = engine == "own" || engine == "paho";
    if (!known || !parse(argv[3], work.port) || !parse(argv[5], work.wanted)) {
        std::fputs(usage, stderr);
        return 2;
    }
    work.host = argv[2];
    work.filter = argv[4];
    Tally tally(work.wanted);
    const std::string trouble = engine == "own" ? count_with_own_session(work, tally)
                                                : count_with_paho(work, tally);
    std::fprintf(stderr, "mqtt-counter: %s\n", trouble.c_str());
    return 1;
}
