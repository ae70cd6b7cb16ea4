// SPDX-License-Identifier: Apache-2.0
#include "replay.hpp"

#include <fmt/format.h>

#include "mqtt/topic.hpp"

namespace weir::device_simulator {
namespace {

const json::Pointer offset_field = json::Pointer::member("offset");
const json::Pointer device_field = json::Pointer::member("device");
const json::Pointer payload_field = json::Pointer::member("payload");
constexpr double offset_s_max = 1e9;  // some 30 years

}  // namespace

Result<std::unique_ptr<Replay>> Replay::open(std::unique_ptr<std::istream> recording,
                                             std::string name, double speed) {
    std::unique_ptr<Replay> replay(new Replay(std::move(recording), std::move(name), speed));
    if (auto read = replay->read_line(); !read) return read.error();
    return replay;
}

std::optional<Elapsed> Replay::next_due() const {
    if (!next_) return std::nullopt;
    return base_ + offset_;
}

Result<void> Replay::take(Elapsed now, std::size_t count_max, std::vector<Message>& out) {
    for (std::size_t count = 0; count < count_max && next_ && base_ + offset_ <= now; ++count) {
        out.push_back(std::move(*next_));
        if (auto read = read_line(); !read) return read;
    }
    return {};
}

Result<void> Replay::read_line() {
    next_.reset();
    std::string line;
    while (std::getline(*recording_, line)) {
        ++line_;
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        if (auto parsed = parse(line); !parsed)
            return Error{fmt::format("{}, line {}: {}", name_, line_, parsed.error().message)};
        return {};
    }
    return {};
}

Result<void> Replay::parse(const std::string& line) {
    if (auto read = document_.read(line); !read) return read;
    const auto offset = document_.float64(offset_field);
    if (!offset) return offset.error();
    const auto device = document_.string(device_field);
    if (!device) return device.error();
    const auto payload = document_.find(payload_field);
    if (!payload) return Error{"/payload: expected a value, got nothing"};
    if (!(*offset >= 0 && *offset <= offset_s_max))
        return Error{fmt::format("/offset: expected seconds from the beginning, got {}", *offset)};
    if (!mqtt::is_topic_name(*device))
        return Error{fmt::format("/device: expected a name for a topic, got \"{}\"", *device)};
    const Elapsed due{static_cast<std::int64_t>(*offset / speed_ * 1e6)};
    if (due < offset_) return Error{"/offset: this line is earlier than the one before it"};
    offset_ = due;
    const bool text = payload->type() == json::Type::string;
    next_ = Message{std::string(*device), std::string(text ? payload->string() : payload->raw())};
    return {};
}

}  // namespace weir::device_simulator
