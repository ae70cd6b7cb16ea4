// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"
#include "config/command.hpp"
#include "job.hpp"
#include "options.hpp"

/// Exit codes: 0 every topic is as listed, 1 one is not or the brokers cannot be reached, 2 a
/// configuration mistake.
int main(int argc, char** argv) {
    using namespace weir;
    topics::Options options;
    config::Command command("topics", "Creates Kafka topics from a list, and checks those there.");
    options.declare(command);
    const config::Outcome outcome = command.load(config::process_sources(argc, argv));
    if (!outcome.run) return outcome.print();
    log::configure(log::Level::info, log::Format::text, command.name());

    const auto good = topics::run(options);
    if (!good) log::error(good.error().message);
    return good && *good ? 0 : 1;
}
