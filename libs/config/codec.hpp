// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/types.hpp"
#include "base/units.hpp"

/// How option values travel between text and types. A service that has a type of its own (a relay,
/// an aggregate) specializes Codec for it and can then declare options of that type.
namespace weir::config {

/// parse():  the value, or what was expected and got.
/// format(): text that parse() reads back.
/// metavar(): what `--help` shows in place of the value.
template <typename T>
struct Codec;

template <>
struct Codec<std::string> {
    static Result<std::string> parse(std::string_view text) { return std::string(text); }
    static std::string format(const std::string& value) { return value; }
    static std::string metavar() { return "TEXT"; }
};

template <>
struct Codec<bool> {
    static Result<bool> parse(std::string_view text) {
        if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
        if (text == "false" || text == "0" || text == "no" || text == "off") return false;
        return Error{fmt::format("expected true or false, got \"{}\"", text)};
    }
    static std::string format(bool value) { return value ? "true" : "false"; }
    static std::string metavar() { return ""; }
};

template <std::integral T>
requires(!std::same_as<T, bool>) struct Codec<T> {
    static Result<T> parse(std::string_view text) {
        T value{};
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (code != std::errc{} || end != text.data() + text.size())
            return Error{fmt::format("expected a whole number, got \"{}\"", text)};
        return value;
    }
    static std::string format(T value) { return fmt::format("{}", value); }
    static std::string metavar() { return "N"; }
};

template <>
struct Codec<double> {
    static Result<double> parse(std::string_view text) {
        double value = 0;
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (code != std::errc{} || end != text.data() + text.size() || !(value - value == 0.0))
            return Error{fmt::format("expected a number, got \"{}\"", text)};
        return value;
    }
    static std::string format(double value) { return fmt::format("{}", value); }
    static std::string metavar() { return "NUMBER"; }
};

template <typename Rep, typename Period>
struct Codec<std::chrono::duration<Rep, Period>> {
    using Duration = std::chrono::duration<Rep, Period>;
    static Result<Duration> parse(std::string_view text) {
        const auto exact = parse_duration(text);
        if (!exact) return exact.error();
        const auto value = std::chrono::duration_cast<Duration>(*exact);
        if (value != *exact)
            return Error{fmt::format("expected a multiple of {}, got \"{}\"",
                                     format_duration(Duration{1}), text)};
        return value;
    }
    static std::string format(Duration value) { return format_duration(value); }
    static std::string metavar() { return "DURATION"; }
};

template <>
struct Codec<Bytes> {
    static Result<Bytes> parse(std::string_view text) { return parse_bytes(text); }
    static std::string format(Bytes value) { return format_bytes(value); }
    static std::string metavar() { return "SIZE"; }
};

/// An enum becomes an option type by a function beside it, found by argument-dependent lookup:
/// `constexpr auto choices_of(Payload) { return std::array{std::pair{"json"sv, Payload::json}}; }`
template <typename T>
requires std::is_enum_v<T>
struct Codec<T> {
    static Result<T> parse(std::string_view text) {
        for (const auto& [name, value] : choices_of(T{}))
            if (name == text) return value;
        return Error{fmt::format("expected one of {}, got \"{}\"", metavar(), text)};
    }
    static std::string format(T wanted) {
        for (const auto& [name, value] : choices_of(T{}))
            if (value == wanted) return std::string(name);
        return "?";
    }
    static std::string metavar() {
        std::string names;
        for (const auto& [name, value] : choices_of(T{})) {
            if (!names.empty()) names += '|';
            names += name;
        }
        return names;
    }
};

/// An option that may be absent: the empty text stands for "none".
template <typename T>
struct Codec<std::optional<T>> {
    static Result<std::optional<T>> parse(std::string_view text) {
        if (text.empty()) return std::optional<T>{};
        auto value = Codec<T>::parse(text);
        if (!value) return value.error();
        return std::optional<T>{std::move(*value)};
    }
    static std::string format(const std::optional<T>& value) {
        return value ? Codec<T>::format(*value) : std::string{};
    }
    static std::string metavar() { return Codec<T>::metavar(); }
};

}  // namespace weir::config
