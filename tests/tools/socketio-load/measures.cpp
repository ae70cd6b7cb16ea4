// SPDX-License-Identifier: Apache-2.0
#include "measures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <thread>
#include <vector>

#include "crowd.hpp"
#include "server_process.hpp"

namespace socketio_load {
namespace {

using std::chrono::milliseconds;

long number(const Settings& settings, const std::string& key, long fallback) {
    const auto found = settings.find(key);
    return found == settings.end() ? fallback : std::stol(found->second);
}

std::string word(const Settings& settings, const std::string& key, std::string fallback) {
    const auto found = settings.find(key);
    return found == settings.end() ? std::move(fallback) : found->second;
}

std::size_t count(const Settings& settings, const std::string& key, long fallback = 0) {
    return static_cast<std::size_t>(number(settings, key, fallback));
}

CrowdOptions crowd_options(const Settings& settings) {
    return {.port = static_cast<std::uint16_t>(number(settings, "port", 0)),
            .nsp = word(settings, "nsp", "/"),
            .event = word(settings, "event", "result")};
}

ServerProcess server(const Settings& settings) {
    return ServerProcess(static_cast<int>(number(settings, "pid", 0)));
}

double seconds_since(Clock::time_point began) {
    return std::chrono::duration<double>(Clock::now() - began).count();
}

}  // namespace

std::string flood(const Settings& settings) {
    const ServerProcess process = server(settings);
    Crowd crowd(crowd_options(settings));
    crowd.connect(count(settings, "clients"), count(settings, "stalled"));
    const auto burst = count(settings, "burst", 1);
    const std::string more =
        fmt::format(R"(42["more",{},{}])", burst, number(settings, "size", 90));
    const auto play = [&](long for_ms) {
        const auto end = Clock::now() + milliseconds(for_ms);
        while (Clock::now() < end) {
            const std::uint64_t goal = crowd.deliveries() + burst * crowd.readers();
            crowd.say(more);
            crowd.run_until([&] { return crowd.deliveries() >= goal; });
        }
    };
    play(number(settings, "warm", 1000));
    const std::uint64_t before = crowd.deliveries();
    const double cpu = process.cpu_seconds();
    const auto began = Clock::now();
    play(number(settings, "window", 3000));
    const double seconds = seconds_since(began);
    const double deliveries = static_cast<double>(crowd.deliveries() - before);
    const double used = process.cpu_seconds() - cpu;
    return fmt::format(R"({{"deliveries":{},"seconds":{:.3f},"rate":{:.0f},)"
                       R"("cpu_per_million":{:.4f},)"
                       R"("server_cpu":{:.3f},"resident":{}}})",
                       deliveries, seconds, deliveries / seconds, used / deliveries * 1e6,
                       used / seconds, process.resident_bytes());
}

std::string idle(const Settings& settings) {
    const ServerProcess process = server(settings);
    const std::size_t before = process.resident_bytes();
    Crowd crowd(crowd_options(settings));
    const std::size_t clients = count(settings, "clients");
    const double seconds = crowd.connect(clients, 0);
    crowd.run_for(milliseconds(number(settings, "rest", 1000)));
    const double each =
        (static_cast<double>(process.resident_bytes()) - static_cast<double>(before)) /
        static_cast<double>(clients);
    return fmt::format(
        R"({{"seconds":{:.3f},"connects_per_second":{:.0f},"bytes_per_client":{:.0f}}})", seconds,
        static_cast<double>(clients) / seconds, each);
}

std::string churn(const Settings& settings) {
    const ServerProcess process = server(settings);
    const std::size_t descriptors = process.descriptors();
    std::string after;
    for (long round = number(settings, "times", 10); round > 0; --round) {
        Crowd crowd(crowd_options(settings));
        crowd.connect(count(settings, "clients"), 0);
        crowd.drop();
        crowd.run_until([&] { return process.descriptors() <= descriptors; });
        after += fmt::format("{}{}", after.empty() ? "" : ",", process.resident_bytes());
    }
    return fmt::format(R"({{"resident":[{}]}})", after);
}

std::string latency(const Settings& settings) {
    Settings live = settings;
    live.insert({{"nsp", "/live"}, {"event", "window"}});
    Crowd crowd(crowd_options(live));
    crowd.connect(count(settings, "clients"), 0);
    std::puts("ready");
    std::fflush(stdout);
    crowd.run_until([&] { return crowd.deliveries() > 0; });
    crowd.run_for(milliseconds(number(settings, "warm", 1000)));
    crowd.take_latencies();
    crowd.run_for(milliseconds(number(settings, "window", 10000)));
    std::vector<double> late = crowd.take_latencies();
    if (late.empty()) return "{}";
    std::sort(late.begin(), late.end());
    const auto at = [&](double part) {
        return late[static_cast<std::size_t>(part * static_cast<double>(late.size() - 1))];
    };
    return fmt::format(R"({{"deliveries":{},"p50_ms":{:.3f},"p99_ms":{:.3f},"max_ms":{:.3f}}})",
                       late.size(), at(0.5), at(0.99), late.back());
}

}  // namespace socketio_load
