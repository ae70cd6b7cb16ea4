// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "json/time_zone.hpp"
#include "options.hpp"
#include "runtime/service.hpp"
#include "selection.hpp"

namespace weir::emitter {

/// The whole service: one thread reads Kafka and makes events, one serves all clients or sends to
/// the upstream.
class Emitter {
public:
    /// Both outlive it.
    Emitter(const Options& options, runtime::Service& service)
        : options_(options), service_(service) {}

    /// Returns after a stop, when the clients have been disconnected.
    /// Errors: the address cannot be listened on, the page cannot be read, Kafka's client failed.
    Result<void> run();

private:
    Result<void> serve(const json::TimeZone& zone, std::vector<Selection> selections);
    Result<void> send_upstream(const json::TimeZone& zone, std::vector<Selection> selections);

    const Options& options_;
    runtime::Service& service_;
};

}  // namespace weir::emitter
