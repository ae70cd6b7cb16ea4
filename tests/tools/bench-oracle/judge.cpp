// SPDX-License-Identifier: Apache-2.0
#include "judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace weir::bench {
namespace {

constexpr double rounding = 1e-9;
constexpr std::size_t examples_max = 3;

bool same(double a, double b) { return std::abs(a - b) <= rounding * std::max(1.0, std::abs(b)); }

/// Whether `mean` is that of the readings in time and some of the late ones: not below the least
/// such mean, and not above the greatest.
bool counts_late(const Answer& answer, double mean) {
    std::vector<double> late = answer.late;
    std::sort(late.begin(), late.end());
    const auto furthest = [&](auto begin, auto end, auto further) {
        double sum = answer.sum;
        auto count = static_cast<double>(answer.count);
        double best = count > 0 ? sum / count : *begin;
        for (; begin != end; ++begin) {
            sum += *begin;
            ++count;
            if (further(sum / count, best)) best = sum / count;
        }
        return best;
    };
    if (late.empty()) return false;
    const double least = furthest(late.begin(), late.end(), std::less<>{});
    const double most = furthest(late.rbegin(), late.rend(), std::greater<>{});
    return mean >= least - rounding && mean <= most + rounding;
}

}  // namespace

Result<Verdict> judge(const std::string& servers, const std::string& topic,
                      const Answers& answers) {
    auto topics = chaos::Topics::open(servers);
    if (!topics) return topics.error();
    const auto partitions = topics->partitions(topic);
    if (!partitions) return partitions.error();
    Verdict verdict;
    verdict.expected = answers.results();
    std::unordered_set<const Answer*> seen;
    const auto take = [&](const chaos::Record& record) {
        const auto row = parse_row(record.value);
        if (row && row->device == last_device) return;
        ++verdict.found;
        verdict.first_ms = std::min(verdict.first_ms, record.timestamp_ms);
        verdict.last_ms = std::max(verdict.last_ms, record.timestamp_ms);
        const Answer* const answer =
            row && row->end == row->start + answers.window_size()
                ? answers.find(row->device, row->start)
                : nullptr;
        if (answer != nullptr && !seen.insert(answer).second) {
            ++verdict.duplicate;
        } else if (answer != nullptr && answer->count > 0 && same(row->mean, answer->mean())) {
            ++verdict.exact;
        } else if (answer != nullptr && counts_late(*answer, row->mean)) {
            ++verdict.with_late;
        } else {
            ++verdict.wrong;
            if (verdict.examples.size() < examples_max)
                verdict.examples.push_back(
                    fmt::format("{} where {} was expected", record.value,
                                answer == nullptr ? "nothing" : fmt::to_string(answer->mean())));
        }
    };
    for (int partition = 0; partition < *partitions; ++partition)
        if (auto read = topics->read(topic, partition, take); !read) return read.error();
    // A window of late readings alone is nobody's to miss.
    const auto right = std::count_if(seen.begin(), seen.end(),
                                     [](const Answer* answer) { return answer->count > 0; });
    verdict.missing = verdict.expected - right;
    return verdict;
}

std::string json(const Verdict& verdict) {
    return fmt::format(
        R"({{"expected":{},"found":{},"exact":{},"with_late":{},"wrong":{},"missing":{},)"
        R"("duplicate":{},"first_ms":{},"last_ms":{}}})",
        verdict.expected, verdict.found, verdict.exact, verdict.with_late, verdict.wrong,
        verdict.missing, verdict.duplicate, verdict.found == 0 ? 0 : verdict.first_ms,
        verdict.last_ms);
}

}  // namespace weir::bench
