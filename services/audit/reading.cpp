// SPDX-License-Identifier: Apache-2.0
#include "reading.hpp"

namespace weir::audit {
namespace {

/// A text is none that an integer could be: it has its quotes, or is no integer.
std::string id_text(const window::Input& id) {
    switch (id.kind) {
        case window::Input::Kind::integer: return std::to_string(id.integer);
        case window::Input::Kind::text: return std::string(id.text);
        case window::Input::Kind::number:
        case window::Input::Kind::null: break;
    }
    return {};
}

}  // namespace

Reading::Reading(const aggregation::Reading& reading, Offset its_offset, std::uint64_t& bytes)
    : time(reading.time),
      offset(its_offset),
      id(id_text(reading.id)),
      inputs_(reading.inputs.begin(), reading.inputs.end()),
      bytes_(bytes) {
    for (const window::Input& input : inputs_)
        texts_ += input.text;
    std::string_view rest = texts_;
    for (window::Input& input : inputs_) {
        const std::size_t length = input.text.size();
        input.text = rest.substr(0, length);
        rest.remove_prefix(length);
    }
    constexpr std::uint64_t overhead = 64;  // of shared ownership and three blocks of memory
    size_ = sizeof(Reading) + overhead + inputs_.size() * sizeof(window::Input) + texts_.size() +
            id.size();
    bytes_ += size_;
}

}  // namespace weir::audit
