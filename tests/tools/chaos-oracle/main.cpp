// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <string_view>

#include "comparison.hpp"

namespace {

constexpr const char* usage =
    R"(Usage: chaos-oracle BOOTSTRAP-SERVERS INPUT OUTPUT LATE DEAD WINDOW-S GRACE-S

Works out from INPUT what an aggregator must have written to the other three, and compares. Prints
sentences about what is not exact, and in the last line all counts as JSON. Exit code: 0 when it
could judge, 1 when not.
)";

/// 0 when it is no number.
weir::chaos::Micros seconds(std::string_view text) {
    weir::chaos::Micros value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value * 1'000'000;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace weir::chaos;
    const Expectation::Windows windows{argc == 8 ? seconds(argv[6]) : 0,
                                       argc == 8 ? seconds(argv[7]) : 0};
    if (windows.size <= 0 || windows.grace <= 0) {
        std::fputs(usage, stderr);
        return 2;
    }
    const auto findings = compare(argv[1], {argv[2], argv[3], argv[4], argv[5]}, windows);
    if (!findings) {
        std::fprintf(stderr, "chaos-oracle: %s\n", findings.error().message.c_str());
        return 1;
    }
    for (const std::string& example : findings->examples)
        fmt::print("{}\n", example);
    fmt::print("{}\n", json(*findings));
    return 0;
}
