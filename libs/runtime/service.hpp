// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "config/command.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"

namespace weir::runtime {

/// What a service's main body works with.
class Service {
public:
    explicit Service(std::string name);

    [[nodiscard]] const std::string& name() const { return name_; }
    /// `<service>/<host>-<process id>`: who wrote a record, in its weir-origin header.
    [[nodiscard]] const std::string& origin() const { return origin_; }

    Metrics& metrics() { return metrics_; }
    Health& health() { return health_; }

    /// Requested by SIGTERM or SIGINT: stop taking new work, finish what was begun, return.
    [[nodiscard]] std::stop_token stop() const { return stop_.get_token(); }
    /// Lets the service stop itself; its body still has to return.
    void request_stop();

    /// Has SIGHUP call `reload`, in the signals' thread and one call after the other; nullptr takes
    /// it back, and waits for a call that is under way. Without it SIGHUP is only logged.
    void on_reload(std::function<void()> reload);
    /// What SIGHUP does.
    void reload();

private:
    std::string name_;
    std::string origin_;
    Metrics metrics_;
    Health health_;
    std::stop_source stop_;
    std::mutex reload_mutex_;
    std::function<void()> reload_;
};

/// The life of every service: reads the configuration (`command` gets the common options added),
/// sets up logging, signals and the admin server, then runs `body` in the calling thread and gives
/// the exit code:
///   0  after an orderly stop.
///   2  the configuration is wrong by itself: what `--check` finds. Starting again cannot help.
///   1  everything else: the body failed, or the options ask for something the world refused (a
///      port in use, a folder that is locked). Starting again may help, so a supervisor should.
///
/// SIGTERM and SIGINT request a stop; one more after half a second, or `--stop-timeout`, ends the
/// process at once with code 1. SIGHUP reloads, or is only logged. The admin server answers from
/// its own thread until the body ends.
int run(int argc, const char* const* argv, config::Command& command,
        const std::function<Result<void>(Service&)>& body);

}  // namespace weir::runtime
