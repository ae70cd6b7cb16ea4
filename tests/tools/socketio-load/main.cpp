// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "measures.hpp"

namespace {

constexpr const char* usage =
    "usage: socketio-load flood|idle|churn|latency port=N pid=N clients=N [key=value...]\n"
    "  flood    the next events when all have the last: stalled=0 burst=1 size=90 warm=1000\n"
    "           window=3000 (ms)\n"
    "  idle     connects all, and looks at the memory after rest=1000 ms\n"
    "  churn    connects and drops all: times=10\n"
    "  latency  counts what comes, and how late by its sent_ns: nsp=/live event=window warm=1000\n"
    "           window=10000; says `ready` when all have joined\n"
    "pid is the server's. Prints one line of JSON.\n";

}  // namespace

int main(int argc, char** argv) {
    using namespace socketio_load;
    if (argc < 2) {
        std::fputs(usage, stderr);
        return 2;
    }
    Settings settings;
    for (int i = 2; i < argc; ++i) {
        const std::string word = argv[i];
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos) {
            std::fprintf(stderr, "%s: expected key=value\n", word.c_str());
            return 2;
        }
        settings[word.substr(0, equals)] = word.substr(equals + 1);
    }
    const std::map<std::string, std::string (*)(const Settings&)> measures = {
        {"flood", flood}, {"idle", idle}, {"churn", churn}, {"latency", latency}};
    const auto measure = measures.find(argv[1]);
    if (measure == measures.end()) {
        std::fputs(usage, stderr);
        return 2;
    }
    std::printf("%s\n", measure->second(settings).c_str());
    return 0;
}
