// SPDX-License-Identifier: Apache-2.0
#include "audit_job.hpp"
#include "base/log.hpp"
#include "compare_job.hpp"
#include "config/command.hpp"
#include "options.hpp"

/// Exit codes: 0 it is right, 1 it is not, 2 that could not be judged: a configuration mistake, no
/// broker, or a log that does not hold what is needed any more.
int main(int argc, char** argv) {
    using namespace weir;
    audit::Options options;
    config::Command command(
        "audit", "Proves from the topics alone that an aggregator's results are right, once each.");
    options.declare(command);
    const config::Outcome outcome = command.load(config::process_sources(argc, argv));
    if (!outcome.run) return outcome.print();
    log::configure(log::Level::info, log::Format::text, command.name());

    const auto good =
        options.compare.empty() ? audit::run_audit(options) : audit::run_comparison(options);
    if (!good) log::error("this could not be judged: " + good.error().message);
    return !good ? 2 : *good ? 0 : 1;
}
