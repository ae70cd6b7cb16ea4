// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "job.hpp"

namespace {

constexpr const char* usage =
    R"(Usage: bench-floor consume BOOTSTRAP-SERVERS INPUT CLIENTS
       bench-floor means BOOTSTRAP-SERVERS INPUT CLIENTS OUTPUT WINDOW-S GRACE-S

Reads INPUT from its beginning to its end with so many clients of librdkafka, each in a thread of
its own, and does nothing with it, or writes the mean of each device and window to OUTPUT. Prints
{"records":N,"seconds":S,"cpu_s":S,"peak_bytes":N}.
)";

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const bool consume = words.size() == 4 && words[0] == "consume";
    const bool means = words.size() == 7 && words[0] == "means";
    bench_floor::Job job;
    if (consume || means)
        job = {.servers = words[1],
               .input = words[2],
               .clients = std::atoi(words[3].c_str()),
               .output = {}};
    if (means) {
        job.output = words[4];
        job.window_us = std::atoll(words[5].c_str()) * 1'000'000;
        job.grace_us = std::atoll(words[6].c_str()) * 1'000'000;
    }
    if (job.clients < 1 || job.servers.empty() || (means && job.window_us < 1)) {
        std::fputs(usage, stderr);
        return 2;
    }
    bench_floor::run(job);
}
