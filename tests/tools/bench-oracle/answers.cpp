// SPDX-License-Identifier: Apache-2.0
#include "answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>

namespace weir::bench {

Result<Answers> Answers::of_topic(const std::string& servers, const std::string& topic,
                                  Windows windows) {
    auto topics = chaos::Topics::open(servers);
    if (!topics) return topics.error();
    const auto partitions = topics->partitions(topic);
    if (!partitions) return partitions.error();
    Answers answers;
    answers.window_size_ = windows.size;
    for (int partition = 0; partition < *partitions; ++partition) {
        Micros watermark = std::numeric_limits<Micros>::min();
        auto read = topics->read(topic, partition, [&](const chaos::Record& record) {
            answers.take(record.value, windows, watermark);
        });
        if (!read) return read.error();
    }
    return answers;
}

void Answers::take(std::string_view value, Windows windows, Micros& watermark) {
    const auto reading = parse_reading(value);
    if (!reading || reading->device == last_device) return;
    ++readings_;
    const Micros start = reading->time - reading->time % windows.size;
    Answer& answer = by_start_[start].try_emplace(std::string(reading->device)).first->second;
    if (start + windows.size <= watermark) {
        ++late_;
        answer.late.push_back(reading->data);
        return;
    }
    if (answer.count++ == 0) ++results_;
    answer.sum += reading->data;
    watermark = std::max(watermark, reading->time - windows.grace);
}

const Answer* Answers::find(std::string_view device, Micros start) const {
    const auto window = by_start_.find(start);
    if (window == by_start_.end()) return nullptr;
    const auto found = window->second.find(device);
    return found == window->second.end() ? nullptr : &found->second;
}

Result<void> Answers::save(const std::string& path) const {
    std::ofstream file(path);
    file << fmt::format("{} {} {} {}\n", window_size_, readings_, late_, results_);
    std::string line;
    for (const auto& [start, devices] : by_start_)
        for (const auto& [device, answer] : devices) {
            line.clear();
            fmt::format_to(std::back_inserter(line), "{} {} {} {} {}", start, device, answer.count,
                           answer.sum, answer.late.size());
            for (const double value : answer.late)
                fmt::format_to(std::back_inserter(line), " {}", value);
            file << line << '\n';
        }
    file.close();
    if (!file) return Error{"cannot write " + path};
    return {};
}

Result<Answers> Answers::load(const std::string& path) {
    std::ifstream file(path);
    Answers answers;
    file >> answers.window_size_ >> answers.readings_ >> answers.late_ >> answers.results_;
    if (!file) return Error{path + " has no answers"};
    Micros start = 0;
    std::string device;
    Answer answer;
    std::size_t late = 0;
    while (file >> start >> device >> answer.count >> answer.sum >> late) {
        answer.late.resize(late);
        for (double& value : answer.late)
            file >> value;
        answers.by_start_[start].emplace(device, answer);
    }
    return answers;
}

}  // namespace weir::bench
