// SPDX-License-Identifier: Apache-2.0
#include "partials.hpp"

#include <utility>

namespace weir::aggregator {

using namespace std::chrono_literals;

namespace {

/// A screen shows hundreds of values, not millions; the loop must not stand still for them.
constexpr std::size_t rows_max = 10'000;
constexpr std::size_t queue_records_max = 2 * rows_max;

/// A running result that old is wrong by now.
constexpr auto message_timeout = 5s;

}  // namespace

kafka::Outcome<Partials> Partials::open(const Options& options, std::string origin,
                                        Instruments& instruments) {
    auto producer = kafka::Producer::open(options.kafka, {.client_id = "aggregator-partial",
                                                          .message_timeout = message_timeout,
                                                          .queue_records_max = queue_records_max,
                                                          .topics = {options.partial}});
    if (!producer) return producer.error();
    return Partials(options, std::move(origin), instruments, std::move(*producer));
}

Partials::Partials(const Options& options, std::string origin, Instruments& instruments,
                   kafka::Producer producer)
    : options_(options),
      origin_(std::move(origin)),
      instruments_(instruments),
      producer_(std::move(producer)),
      writer_(options) {}

bool Partials::due(Lane::Steady now) {
    if (now < next_) return false;
    next_ = now + options_.partial_every;
    rows_left_ = rows_max;
    return true;
}

void Partials::visit(Lane& lane) {
    if (lane.replaying()) return;
    const auto& where = lane.where();
    rows_left_ -= lane.stream().visit_changed(rows_left_, [&](const window::Row& row) {
        const auto headers = writer_.headers(row, where.topic, where.partition, origin_);
        const auto views = headers.views();
        const auto sent = producer_.send({.topic = options_.partial,
                                          .key = writer_.key(row),
                                          .value = writer_.value(row),
                                          .headers = views});
        if (sent)
            instruments_.partial_written();
        else
            instruments_.partial_dropped();
    });
}

}  // namespace weir::aggregator
