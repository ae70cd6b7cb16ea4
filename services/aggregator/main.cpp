// SPDX-License-Identifier: Apache-2.0
#include "bounded.hpp"
#include "config/command.hpp"
#include "connect_check.hpp"
#include "instruments.hpp"
#include "kafka/consumer.hpp"
#include "loop.hpp"
#include "options.hpp"
#include "output.hpp"
#include "partials.hpp"
#include "runtime/service.hpp"
#include "status_log.hpp"
#include "topics.hpp"
#include "transactional_id.hpp"

namespace {

using namespace weir;
using namespace weir::aggregator;

Result<void> run_endless(const Options& options, runtime::Service& service) {
    auto id = TransactionalId::claim(options.transactional_id, options.group);
    if (!id) return id.error();
    auto consumer = kafka::Consumer::open(
        options.kafka,
        {.client_id = "aggregator", .group = options.group, .assignment = options.assignment});
    if (!consumer) return Error{consumer.error().message};
    Loop* loop = nullptr;
    const bool transactional = options.guarantee == Guarantee::exactly_once;
    auto output = Output::open(options, transactional ? id->text() : Output::no_transactions,
                               [&] { return loop->patient(); });
    if (!output) return Error{output.error().message};

    Instruments instruments(service.metrics());
    std::optional<Partials> partials;
    if (!options.partial.empty()) {
        auto opened = Partials::open(options, service.origin(), instruments);
        if (!opened) return Error{opened.error().message};
        partials.emplace(std::move(*opened));
    }
    std::optional<StatusLog> status_log;
    if (options.expect_every) {
        auto opened = StatusLog::open(options, [&] { return loop->patient(); });
        if (!opened) return Error{opened.error().message};
        status_log.emplace(std::move(*opened));
    }
    Loop the_loop(options, service, *consumer, *output, std::move(partials), std::move(status_log),
                  instruments);
    loop = &the_loop;
    const auto going = [&] { return !service.stop().stop_requested() && the_loop.patient(); };
    if (auto ready = await_topics(options, service, going); !ready) return ready.error();
    return service.stop().stop_requested() ? Result<void>{} : the_loop.run();
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    config::Command command("aggregator",
                            "Computes event-time windows over a Kafka topic, exactly once.");
    options.declare(command);
    command.connected_rule(
        [&](std::vector<std::string>& mistakes) { check_connected(options, mistakes); });
    return runtime::run(argc, argv, command, [&](runtime::Service& service) {
        return options.bounded() ? run_bounded(options, service) : run_endless(options, service);
    });
}
