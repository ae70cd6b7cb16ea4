// SPDX-License-Identifier: Apache-2.0
#include "file_input.hpp"

#include <fmt/format.h>

namespace weir::aggregator {
namespace {

using namespace std::chrono_literals;

/// How long a pipe is waited for before a stop is looked for.
constexpr auto wait = 100ms;

bool blank(std::string_view line) { return line.find_first_not_of(" \t\r") == line.npos; }

}  // namespace

Result<std::unique_ptr<BoundedInput>> FileInput::open(const Options& options) {
    std::unique_ptr<FileInput> input(new FileInput(options));
    for (const std::string& path : options.files) {
        auto file = lines::LineReader::open(path, options.line_bytes_max);
        if (!file) return Error{"--file: " + file.error().message};
        input->files_.push_back(std::move(*file));
    }
    return std::unique_ptr<BoundedInput>(std::move(input));
}

Result<std::optional<BoundedInput::Stream>> FileInput::next_stream() {
    if (std::exchange(begun_, true)) return std::optional<Stream>{};
    const std::string& name = options_.files.size() == 1 ? options_.files.front() : "files";
    return std::optional(Stream{{name, Partition{0}}, Offset{0}});
}

Result<BoundedInput::Batch> FileInput::read() {
    records_.clear();
    if (files_[current_]->ended()) {
        ++current_;
        lines_before_ = lines_;
    }
    auto lines = files_[current_]->read(wait);
    if (!lines) return Error{"--file: " + lines.error().message};
    for (const std::string_view line : *lines) {
        ++lines_;
        if (blank(line)) continue;
        kafka::RecordView record;
        record.topic = options_.files[current_];
        record.value = line;
        record.offset = Offset{lines_};
        records_.push_back(record);
    }
    const bool last = files_[current_]->ended() && current_ + 1 == files_.size();
    return Batch{records_, last};
}

Measure FileInput::measure() const {
    Measure sum;
    for (const auto& file : files_) {
        if (file->bytes_total() == 0 && file->bytes_read() > 0) return {};
        sum.done += file->bytes_read();
        sum.total += file->bytes_total();
    }
    return sum;
}

std::string FileInput::place(const kafka::RecordView& record) const {
    return fmt::format("{}:{}", record.topic, number(record.offset) - lines_before_);
}

}  // namespace weir::aggregator
