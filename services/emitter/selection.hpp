// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/types.hpp"
#include "config/codec.hpp"
#include "jq/program.hpp"
#include "relay.hpp"

namespace weir::emitter {

/// One `--keys EVENT[@NAMESPACE]=GLOB[,GLOB...]`.
struct Keys {
    EventName name;
    std::vector<std::string> globs;  ///< as fnmatch(3) reads them
};

/// One `--map EVENT[@NAMESPACE]=PROGRAM|@FILE`.
struct Map {
    EventName name;
    std::string given;
    std::string program;  ///< what was given, or what the file has
};

/// Which records of a relay become events, and what is made of them.
/// Threads: one at a time.
struct Selection {
    std::vector<std::string> globs = {};  ///< none: records of any key, and without one
    std::optional<jq::Program> map = {};

    [[nodiscard]] bool takes(std::optional<std::string_view> key) const;
};

/// The program takes a value, has the variable `$meta`, and gives at most one value. Errors: what
/// jq said.
Result<jq::Program> compile(const Map& map, Bytes value_max);

/// One for each relay, in their order.
Result<std::vector<Selection>> make_selections(const std::vector<Relay>& relays,
                                               const std::vector<Keys>& keys,
                                               const std::vector<Map>& maps, Bytes value_max);

}  // namespace weir::emitter

namespace weir::config {

template <>
struct Codec<emitter::Keys> {
    static Result<emitter::Keys> parse(std::string_view text);
    static std::string format(const emitter::Keys& keys);
    static std::string metavar() { return "EVENT[@NAMESPACE]=GLOB[,GLOB...]"; }
};

template <>
struct Codec<emitter::Map> {
    static Result<emitter::Map> parse(std::string_view text);
    static std::string format(const emitter::Map& map);
    static std::string metavar() { return "EVENT[@NAMESPACE]=PROGRAM|@FILE"; }
};

}  // namespace weir::config
