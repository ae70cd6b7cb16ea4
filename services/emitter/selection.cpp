// SPDX-License-Identifier: Apache-2.0
#include "selection.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "config/file.hpp"

namespace weir::emitter {

bool Selection::takes(std::optional<std::string_view> key) const {
    if (globs.empty()) return true;
    // A zero byte would end the key for fnmatch().
    if (!key || key->find('\0') != std::string_view::npos) return false;
    const std::string text(*key);
    return std::ranges::any_of(globs, [&](const std::string& glob) {
        return ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
    });
}

Result<jq::Program> compile(const Map& map, Bytes value_max) {
    jq::Limits limits;
    limits.input.bytes_max = value_max.count;
    limits.outputs_max = 1;
    limits.bytes_max = value_max.count;
    return jq::Program::compile(map.program, {"meta"}, limits);
}

Result<std::vector<Selection>> make_selections(const std::vector<Relay>& relays,
                                               const std::vector<Keys>& keys,
                                               const std::vector<Map>& maps, Bytes value_max) {
    std::vector<Selection> selections;
    for (const Relay& relay : relays) {
        Selection& selection = selections.emplace_back();
        for (const Keys& some : keys)
            if (relay.makes(some.name)) selection.globs = some.globs;
        for (const Map& map : maps) {
            if (!relay.makes(map.name)) continue;
            auto program = compile(map, value_max);
            if (!program) return Error{"--map: " + program.error().message};
            selection.map = std::move(*program);
        }
    }
    return selections;
}

}  // namespace weir::emitter

namespace weir::config {
namespace {

/// An option's `EVENT[@NAMESPACE]=` and what follows it.
struct Named {
    emitter::EventName name;
    std::string_view rest;
};

Result<Named> split_name(std::string_view text, std::string_view form) {
    const auto wrong = [&](std::string_view why) {
        return Error{fmt::format("expected {}, got \"{}\": {}", form, text, why)};
    };
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return wrong("there is no \"=\"");
    auto name = emitter::EventName::parse(text.substr(0, equals));
    if (!name) return wrong(name.error().message);
    if (equals + 1 == text.size()) return wrong("nothing follows the \"=\"");
    return Named{std::move(*name), text.substr(equals + 1)};
}

}  // namespace

using emitter::Keys;
using emitter::Map;

Result<Keys> Codec<Keys>::parse(std::string_view text) {
    auto named = split_name(text, metavar());
    if (!named) return named.error();
    Keys keys{std::move(named->name), {}};
    for (std::string_view rest = named->rest;;) {
        const std::size_t comma = rest.find(',');
        keys.globs.emplace_back(rest.substr(0, comma));
        if (keys.globs.back().empty())
            return Error{
                fmt::format("expected {}, got \"{}\": there is nothing on one side of a "
                            "comma",
                            metavar(), text)};
        if (comma == std::string_view::npos) return keys;
        rest.remove_prefix(comma + 1);
    }
}

std::string Codec<Keys>::format(const Keys& keys) {
    return fmt::format("{}={}", keys.name.text(), fmt::join(keys.globs, ","));
}

Result<Map> Codec<Map>::parse(std::string_view text) {
    constexpr Bytes program_size_max{1U << 20};
    auto named = split_name(text, metavar());
    if (!named) return named.error();
    Map map{std::move(named->name), std::string(named->rest), std::string(named->rest)};
    if (!map.given.starts_with('@')) return map;
    auto program = read_file(map.given.substr(1), program_size_max);
    if (!program) return program.error();
    map.program = std::move(*program);
    return map;
}

std::string Codec<Map>::format(const Map& map) {
    return fmt::format("{}={}", map.name.text(), map.given);
}

}  // namespace weir::config
