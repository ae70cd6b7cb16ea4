// SPDX-License-Identifier: Apache-2.0
//
// The part of Loop that takes partitions over and gives them up.
#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "loop.hpp"
#include "recovery.hpp"

namespace weir::aggregator {

using kafka::Meaning;
using kafka::Rebalance;
using std::chrono::milliseconds;
using Partitions = std::vector<kafka::TopicPartition>;

namespace {

/// One question to the brokers about offsets. Asked again until there is an answer, so it is rather
/// short: nothing else is done meanwhile, and a stop must wait for it.
constexpr milliseconds request_timeout{2000};

/// The pause before a question without an answer is asked again.
constexpr milliseconds retry_pause{100};

std::string list_of(const Partitions& partitions) {
    std::string text;
    for (const auto& [topic, partition] : partitions)
        text += (text.empty() ? "" : ",") + std::to_string(number(partition));
    return text.empty() ? "none" : text;
}

}  // namespace

/// Answers what the group wants, oldest first. What cannot be answered now is asked again in the
/// next step; the group waits meanwhile.
void Loop::answer_rebalances() {
    while (!fatal_) {
        const Rebalance* const next = consumer_.next_rebalance();
        if (next == nullptr) return;
        const Rebalance rebalance = *next;
        if (rebalance.kind == Rebalance::Kind::assigned) {
            if (!take_over(rebalance.partitions)) return;
        } else {
            give_up(rebalance.partitions, rebalance.kind == Rebalance::Kind::lost);
        }
    }
}

bool Loop::take_over(const Partitions& partitions) {
    const auto positions = prepare(partitions);
    if (!positions) return endure(positions.error());
    if (auto started = consumer_.start(*positions); !started) return endure(started.error());
    owned_.insert(owned_.end(), partitions.begin(), partitions.end());
    log::info("partitions taken over",
              {{"partitions", list_of(partitions)}, {"owned", owned_.size()}});
    endured_.clear();
    partitions_ready_.met();
    return true;
}

/// Revoked: still ours, so what is whole is committed first. Lost: somebody else's by now, so what
/// is open must not be committed. The transaction holds all lanes' rows and is aborted as a whole.
void Loop::give_up(const Partitions& partitions, bool lost) {
    if (!lost) commit();
    // What was written for these partitions must never be committed without their offsets.
    if (output_.pending() > 0)
        outbox_.fail({Meaning::needs_abort, 0,
                      lost ? "the group took partitions away without asking"
                           : "partitions had to be given up before a commit was possible"});
    if (outbox_.failed()) start_over();
    forget(partitions);
    std::erase_if(owned_, [&](const kafka::TopicPartition& mine) {
        return std::find(partitions.begin(), partitions.end(), mine) != partitions.end();
    });
    log::info(lost ? "partitions lost" : "partitions given up",
              {{"partitions", list_of(partitions)}, {"owned", owned_.size()}});
    if (auto stopped = consumer_.stop(partitions); !stopped)
        fatal_ = Error{stopped.error().message};
}

void Loop::forget(const Partitions& partitions) {
    for (const auto& [topic, partition] : partitions) {
        const auto index = static_cast<std::size_t>(number(partition));
        if (index < lanes_.size()) lanes_[index].reset();
    }
}

/// Builds the lanes from what the group has committed. Waits for transactions of former owners
/// that are not over yet.
kafka::Outcome<std::vector<kafka::Position>> Loop::prepare(const Partitions& partitions) {
    std::vector<kafka::Position> positions;
    if (partitions.empty()) return positions;
    const auto count = consumer_.partition_count(options_.input, request_timeout);
    if (!count) return count.error();
    fingerprint_.emplace(options_, *count);
    const auto committed = consumer_.committed(partitions, request_timeout);
    if (!committed) return committed.error();

    auto attendances = this->attendances(partitions);
    if (!attendances) return attendances.error();

    std::vector<std::unique_ptr<Lane>> lanes;
    for (std::size_t i = 0; i < partitions.size(); ++i) {
        const kafka::TopicPartition& where = partitions[i];
        const auto log = consumer_.query_watermarks(where, request_timeout);
        if (!log) return log.error();
        auto plan =
            plan_recovery(options_, reader_.aggregates(), *fingerprint_, (*committed)[i], *log);
        if (!plan)
            return kafka::Failure{Meaning::fatal, 0,
                                  fmt::format("partition {} of {}: {}", number(where.partition),
                                              where.topic, plan.error().message)};
        if (!plan->warning.empty())
            log::warn(plan->warning,
                      {{"topic", where.topic}, {"partition", number(where.partition)}});
        positions.push_back({where, plan->read_from, {}});
        lanes.push_back(std::make_unique<Lane>(where, std::move(*plan),
                                               std::move((*attendances)[i]),
                                               std::chrono::steady_clock::now()));
    }
    for (auto& lane : lanes) {
        const auto index = static_cast<std::size_t>(number(lane->where().partition));
        if (lanes_.size() <= index) lanes_.resize(index + 1);
        lanes_[index] = std::move(lane);
    }
    return positions;
}

/// Who is known to be there, for each partition. Asked for after the committed offsets: what was
/// committed with those is in the status topic.
kafka::Outcome<std::vector<std::optional<Attendance>>> Loop::attendances(
    const Partitions& partitions) {
    std::vector<std::optional<Attendance>> attendances(partitions.size());
    if (!status_log_) return attendances;
    auto loaded = status_log_->load(partitions);
    if (!loaded) return loaded.error();
    for (std::size_t i = 0; i < partitions.size(); ++i)
        attendances[i].emplace(std::move((*loaded)[i]));
    return attendances;
}

/// Takes over again what is ours and has no lane since start_over().
void Loop::rebuild() {
    if (fatal_ || consumer_.next_rebalance() != nullptr ||
        std::chrono::steady_clock::now() < rebuild_not_before_)
        return;
    Partitions partitions;
    for (const kafka::TopicPartition& mine : owned_) {
        const auto index = static_cast<std::size_t>(number(mine.partition));
        if (index >= lanes_.size() || !lanes_[index]) partitions.push_back(mine);
    }
    if (partitions.empty()) return;
    const auto positions = prepare(partitions);
    if (!positions) return static_cast<void>(endure(positions.error()));
    if (auto restarted = consumer_.restart(*positions); !restarted) {
        forget(partitions);  // they would take what comes next for what comes first
        return static_cast<void>(endure(restarted.error()));
    }
    endured_.clear();
    partitions_ready_.met();
}

/// Notes a failure of taking over: fatal ones end the service, for others there is a next time.
/// Always false.
bool Loop::endure(const kafka::Failure& failure) {
    if (failure.meaning == Meaning::fatal || failure.meaning == Meaning::rejected) {
        fatal_ = Error{failure.message};
        return false;
    }
    const bool news = std::exchange(endured_, failure.message) != failure.message;
    log::write(news ? log::Level::warn : log::Level::debug,
               "taking partitions over failed, trying again", {{"reason", failure.message}});
    partitions_ready_.unmet(failure.message);
    std::this_thread::sleep_for(retry_pause);
    return false;
}

}  // namespace weir::aggregator
