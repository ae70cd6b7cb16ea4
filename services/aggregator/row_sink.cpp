// SPDX-License-Identifier: Apache-2.0
#include "row_sink.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace weir::aggregator {

Result<std::unique_ptr<RowSink>> RowSink::open(const Options& options, Outlet* topics) {
    std::unique_ptr<RowSink> sink(new RowSink(options, topics));
    if (auto opened = sink->open_file(); !opened) return opened.error();
    const bool terminal = ::isatty(::fileno(sink->file_)) == 1;
    if (options.results_form == ResultsForm::table ||
        (options.results_form == ResultsForm::automatic && terminal))
        sink->table_.emplace(options);
    return sink;
}

RowSink::RowSink(const Options& options, Outlet* topics) : options_(options), topics_(topics) {}

Result<void> RowSink::open_file() {
    std::error_code none;
    const auto kind = std::filesystem::status(options_.results, none).type();
    if (options_.results == "-") {
        file_ = ::fdopen(::dup(STDOUT_FILENO), "w");
    } else if (kind == std::filesystem::file_type::regular ||
               kind == std::filesystem::file_type::not_found) {
        unfinished_ = options_.results + ".unfinished";
        file_ = std::fopen(unfinished_.c_str(), "we");
    } else {
        file_ = std::fopen(options_.results.c_str(), "we");
    }
    if (file_ == nullptr) return error("opening");
    return {};
}

RowSink::~RowSink() {
    if (file_ == nullptr) return;
    std::fclose(file_);
    if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
}

Error RowSink::error(std::string_view doing) const {
    return Error{fmt::format("--results: {} {}: {}", doing,
                             options_.results == "-" ? "standard output" : options_.results,
                             std::strerror(errno))};
}

bool RowSink::write(std::string_view text) {
    return std::fwrite(text.data(), 1, text.size(), file_) == text.size();
}

kafka::Outcome<void> RowSink::send(const kafka::OutgoingRecord& record) {
    // A result has no topic here: --results takes the place of --output.
    if (!record.topic.empty()) return topics_->send(record);
    text_.clear();
    if (table_)
        table_->add(record.value, text_);
    else
        text_.append(record.value).append(1, '\n');
    if (write(text_)) return {};
    return kafka::Failure{kafka::Meaning::fatal, 0, error("writing").message};
}

Result<void> RowSink::finish() {
    text_.clear();
    if (table_) table_->finish(text_);
    if (!write(text_) || std::fflush(file_) != 0) return error("writing");
    if (unfinished_.empty()) return {};
    if (::fsync(::fileno(file_)) != 0) return error("writing");
    if (std::rename(unfinished_.c_str(), options_.results.c_str()) != 0) return error("naming");
    unfinished_.clear();
    return {};
}

}  // namespace weir::aggregator
