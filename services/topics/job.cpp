// SPDX-License-Identifier: Apache-2.0
#include "job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "base/units.hpp"
#include "topic_list.hpp"

namespace weir::topics {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// One answer of the brokers takes milliseconds; a lost request is asked again after this.
constexpr auto request_timeout = 5s;
constexpr auto pause_between_attempts = 100ms;

class Job {
public:
    Job(const Options& options, kafka::Admin admin)
        : options_(options), admin_(std::move(admin)), deadline_(Clock::now() + options.wait) {}

    Result<bool> run();

private:
    using Topics = std::vector<kafka::TopicState>;

    Result<Topics> existing();
    Result<bool> create(const std::vector<kafka::TopicSpec>& missing);
    Result<bool> check(Topics found);
    bool check_one(const kafka::TopicSpec& wanted, const kafka::TopicState& found) const;
    Result<void> wait_for_leaders();

    const Options& options_;
    kafka::Admin admin_;
    Clock::time_point deadline_;
    bool waiting_told_ = false;
};

const kafka::TopicState* find(const std::vector<kafka::TopicState>& topics,
                              const std::string& name) {
    const auto found = std::find_if(topics.begin(), topics.end(),
                                    [&](const auto& topic) { return topic.name == name; });
    return found == topics.end() ? nullptr : &*found;
}

void print(std::string_view fate, const std::string& topic, std::string_view words) {
    fmt::print("{:8} {}  {}\n", fate, topic, words);
}

Result<Job::Topics> Job::existing() {
    while (true) {
        const auto left = std::chrono::floor<milliseconds>(deadline_ - Clock::now());
        const auto timeout = std::clamp<milliseconds>(left, 100ms, request_timeout);
        auto topics = admin_.list(timeout);
        if (topics) return std::move(*topics);
        if (topics.error().meaning != kafka::Meaning::retriable || Clock::now() >= deadline_)
            return Error{fmt::format("no answer from {} within --wait {}: {}",
                                     options_.kafka.bootstrap_servers,
                                     format_duration(options_.wait), topics.error().message)};
        if (!std::exchange(waiting_told_, true))
            log::info("no broker answers yet, asking on",
                      {{"brokers", options_.kafka.bootstrap_servers},
                       {"reason", topics.error().message}});
        std::this_thread::sleep_for(pause_between_attempts);
    }
}

Result<bool> Job::create(const std::vector<kafka::TopicSpec>& missing) {
    auto fates = admin_.create(missing, kafka::Admin::Mode::create, request_timeout);
    // No answer in time says nothing: asked again, what has been created is there already.
    while (!fates && fates.error().meaning == kafka::Meaning::retriable &&
           Clock::now() < deadline_) {
        std::this_thread::sleep_for(pause_between_attempts);
        fates = admin_.create(missing, kafka::Admin::Mode::create, request_timeout);
    }
    if (!fates) return Error{fates.error().message};
    bool good = true;
    for (std::size_t i = 0; i < missing.size(); ++i) {
        const kafka::Created& fate = (*fates)[i];
        if (fate.failure)
            print("failed", fate.name, fate.failure->message);
        else if (!fate.existed)  // else somebody was faster: it is compared like the others
            print("created", fate.name, fmt::format("{} partitions", missing[i].partitions));
        good = good && !fate.failure;
    }
    return good;
}

bool Job::check_one(const kafka::TopicSpec& wanted, const kafka::TopicState& found) const {
    const Comparison difference = compare(wanted, found);
    const bool strict = options_.differences == Differences::fail;
    if (!difference.partitions.empty()) print("differs", wanted.name, difference.partitions);
    for (const std::string& sentence : difference.others)
        print(strict ? "differs" : "warning", wanted.name, sentence);
    if (difference.partitions.empty() && difference.others.empty())
        print("exists", wanted.name, fmt::format("{} partitions", found.partitions));
    return difference.partitions.empty() && (difference.others.empty() || !strict);
}

Result<bool> Job::check(Topics found) {
    if (auto described = admin_.describe(found, request_timeout); !described)
        return Error{described.error().message};
    bool good = true;
    for (const kafka::TopicSpec& wanted : options_.topics)
        if (const auto* topic = find(found, wanted.name)) good = check_one(wanted, *topic) && good;
    return good;
}

/// Creating is done when the controller has said so; reading and writing work when each partition
/// has a leader, a moment later.
Result<void> Job::wait_for_leaders() {
    while (true) {
        auto topics = existing();
        if (!topics) return topics.error();
        const bool ready = std::all_of(options_.topics.begin(), options_.topics.end(),
                                       [&](const kafka::TopicSpec& wanted) {
                                           const auto* topic = find(*topics, wanted.name);
                                           return topic != nullptr && topic->has_leaders;
                                       });
        if (ready) return {};
        if (Clock::now() >= deadline_)
            return Error{"the new topics have no leaders within --wait " +
                         format_duration(options_.wait)};
        std::this_thread::sleep_for(10ms);
    }
}

Result<bool> Job::run() {
    auto topics = existing();
    if (!topics) return topics.error();
    std::vector<kafka::TopicSpec> missing;
    Topics present;
    for (const kafka::TopicSpec& wanted : options_.topics) {
        if (const auto* topic = find(*topics, wanted.name))
            present.push_back(*topic);
        else
            missing.push_back(wanted);
    }
    const auto created = create(missing);
    if (!created) return created.error();
    const auto checked = check(std::move(present));
    if (!checked) return checked.error();
    if (*created && !missing.empty())
        if (auto ready = wait_for_leaders(); !ready) return ready.error();
    return *created && *checked;
}

}  // namespace

Result<bool> run(const Options& options) {
    auto admin = kafka::Admin::open(options.kafka, "topics");
    if (!admin) return Error{admin.error().message};
    return Job(options, std::move(*admin)).run();
}

}  // namespace weir::topics
