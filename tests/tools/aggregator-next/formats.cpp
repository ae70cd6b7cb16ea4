// SPDX-License-Identifier: Apache-2.0
//
// Two formats that the aggregator does not know. 3 has a part more, which readers of 2 may leave
// alone; 4 is not for them.
#include "window/checkpoint_formats.hpp"

#include <array>

#include "window/checkpoint.hpp"

namespace weir::window {
namespace {

constexpr std::string_view more = " more";
constexpr std::string_view other = "other ";

void append_3(std::string& out, const Checkpoint& checkpoint) {
    checkpoint_format_2.append(out, checkpoint);
    if (checkpoint.moves.empty()) out += " -";
    out += more;
}

bool parse_3(std::string_view parts, bool later, Checkpoint& checkpoint) {
    return (later || parts.ends_with(more)) && checkpoint_format_2.parse(parts, true, checkpoint);
}

void append_4(std::string& out, const Checkpoint& checkpoint) {
    out += ' ';
    out += other.substr(0, other.size() - 1);
    checkpoint_format_2.append(out, checkpoint);
}

bool parse_4(std::string_view parts, bool later, Checkpoint& checkpoint) {
    return parts.starts_with(other) &&
           checkpoint_format_2.parse(parts.substr(other.size()), later, checkpoint);
}

std::size_t bytes_max(const Checkpoint& checkpoint) {
    return checkpoint_format_2.bytes_max(checkpoint) + 2 + more.size() + other.size();
}

constinit const CheckpointFormat format_3{
    .mark = {3, 2}, .append = append_3, .parse = parse_3, .bytes_max = bytes_max};
constinit const CheckpointFormat format_4{
    .mark = {4, 4}, .append = append_4, .parse = parse_4, .bytes_max = bytes_max};

}  // namespace

const CheckpointFormats& checkpoint_formats() {
    static constexpr std::array known{&checkpoint_format_1, &checkpoint_format_2, &format_3,
                                      &format_4};
    static constexpr CheckpointFormats formats{.known = known, .standard = 2};
    return formats;
}

}  // namespace weir::window
