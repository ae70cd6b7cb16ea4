// SPDX-License-Identifier: Apache-2.0
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "simulation.hpp"

namespace {

using namespace weir::unosim;

/// SIGINT and SIGTERM as a descriptor, so that the end is one more event of the loop.
int end_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int fail(const weir::Error& error) {
    std::fprintf(stderr, "unosim: %s\n", error.message.c_str());
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    const auto arguments = parse_arguments(argc, argv);
    if (!arguments) return fail(arguments.error());
    if (arguments->help) {
        std::fputs(usage, stdout);
        return 0;
    }
    const int signals = end_signals();  // from here on, so that no link is left behind
    auto simulation = Simulation::prepare(*arguments);
    if (!simulation) return fail(simulation.error());
    std::printf("PTY %s\n", (*simulation)->terminal_name().c_str());
    std::fflush(stdout);
    return (*simulation)->run(STDIN_FILENO, signals);
}
