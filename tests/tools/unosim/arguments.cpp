// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

namespace weir::unosim {

const char* const usage =
    R"(Usage: unosim FIRMWARE.elf [options]

Runs an Arduino Uno's firmware on a simulated ATmega328P. Its UART is a pseudo terminal, whose
name is printed as "PTY /dev/pts/N" when it is ready.

  --speed N          MCU seconds per second (1); 0 runs as fast as the host can
  --set PIN=MV       voltage of analog pin A<PIN> at power-up, in millivolts (0); repeatable
  --profile FILE     voltage over time: lines "seconds millivolts", interpolated, repeated
  --profile-pin PIN  the analog pin that follows the profile (3)
  --link PATH        symbolic link to the pseudo terminal, made new and removed at the end
  --help             this text

Commands on standard input, one a line: "PIN MILLIVOLTS", "reset", "quit".
)";

std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t max) {
    std::uint32_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || value > max) return std::nullopt;
    return value;
}

namespace {

Result<void> set_voltage(Arguments& arguments, std::string_view text) {
    const std::size_t equals = text.find('=');
    const bool split = equals != std::string_view::npos;
    const auto pin = parse_number(split ? text.substr(0, equals) : "", pin_max);
    const auto millivolts = parse_number(split ? text.substr(equals + 1) : "", millivolts_max);
    if (!pin || !millivolts)
        return Error{fmt::format("--set: expected PIN=MILLIVOLTS, 0..{}=0..{}, got \"{}\"", pin_max,
                                 millivolts_max, text)};
    arguments.voltages[*pin] = *millivolts;
    return {};
}

Result<void> set_speed(Arguments& arguments, std::string_view text) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, arguments.speed);
    if (error != std::errc{} || stop != end || !(arguments.speed >= 0 && arguments.speed <= 1000))
        return Error{fmt::format("--speed: expected a number from 0 to 1000, got \"{}\"", text)};
    return {};
}

Result<void> set_option(Arguments& arguments, std::string_view name, const char* value) {
    if (name == "--speed") return set_speed(arguments, value);
    if (name == "--set") return set_voltage(arguments, value);
    if (name == "--profile") {
        arguments.profile = value;
        return {};
    }
    if (name == "--link") {
        arguments.link = value;
        return {};
    }
    if (name != "--profile-pin") return Error{fmt::format("unknown option {}", name)};
    const auto pin = parse_number(value, pin_max);
    if (!pin)
        return Error{fmt::format("--profile-pin: expected 0..{}, got \"{}\"", pin_max, value)};
    arguments.profile_pin = *pin;
    return {};
}

}  // namespace

Result<Arguments> parse_arguments(int argc, const char* const* argv) {
    Arguments arguments;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--help") {
            arguments.help = true;
            return arguments;
        }
        if (!argument.starts_with("--")) {
            if (!arguments.firmware.empty())
                return Error{fmt::format("one firmware file is expected, got also {}", argument)};
            arguments.firmware = argument;
            continue;
        }
        if (i + 1 == argc) return Error{fmt::format("{}: a value is expected", argument)};
        const Result<void> set = set_option(arguments, argument, argv[++i]);
        if (!set) return set.error();
    }
    if (arguments.firmware.empty()) return Error{"a firmware file (ELF) is expected"};
    return arguments;
}

}  // namespace weir::unosim
