// SPDX-License-Identifier: Apache-2.0
#include "findings.hpp"

#include <fmt/format.h>

#include <utility>

namespace weir::audit {
namespace {

constexpr std::pair<const char*, std::uint64_t Counts::*> columns[] = {
    {"input", &Counts::input}, {"used", &Counts::used},         {"late", &Counts::late},
    {"dead", &Counts::dead},   {"filtered", &Counts::filtered}, {"open", &Counts::open},
    {"rows", &Counts::rows},   {"missing", &Counts::missing},   {"duplicate", &Counts::duplicate},
    {"wrong", &Counts::wrong},
};

void append_line(std::string& text, const std::string& name, const Counts& counts) {
    text += fmt::format("{:>9}", name);
    for (const auto& [title, column] : columns)
        text += fmt::format(" {:>11}", counts.*column);
    text += '\n';
}

}  // namespace

Counts& Counts::operator+=(const Counts& more) {
    for (const auto& [title, column] : columns)
        this->*column += more.*column;
    outside += more.outside;
    return *this;
}

std::string table(const std::vector<Counts>& partitions) {
    std::string text = "partition";
    for (const auto& [title, column] : columns)
        text += fmt::format(" {:>11}", title);
    text += '\n';
    Counts all;
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        append_line(text, fmt::format("{}", i), partitions[i]);
        all += partitions[i];
    }
    append_line(text, "all", all);
    return text;
}

}  // namespace weir::audit
