// SPDX-License-Identifier: Apache-2.0
#include "runtime/service.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <string_view>

#include "base/log.hpp"
#include "config/version.hpp"
#include "runtime/admin.hpp"
#include "runtime/signals.hpp"

namespace weir::log {

// How logging's enums are written as options; found by argument-dependent lookup.
constexpr auto choices_of(Level) {
    using namespace std::string_view_literals;
    return std::array{std::pair{"debug"sv, Level::debug}, std::pair{"info"sv, Level::info},
                      std::pair{"warn"sv, Level::warn}, std::pair{"error"sv, Level::error}};
}

constexpr auto choices_of(Format) {
    using namespace std::string_view_literals;
    return std::array{std::pair{"text"sv, Format::text}, std::pair{"json"sv, Format::json}};
}

}  // namespace weir::log

namespace weir::runtime {
namespace {

using namespace std::chrono_literals;

constexpr const char* probe_request = "probe";

struct CommonOptions {
    log::Level log_level = log::Level::info;
    log::Format log_format = log::Format::text;
    std::string admin = "127.0.0.1:8080";
    std::chrono::milliseconds stop_timeout = 10s;

    void declare(config::Command& command) {
        command.section("Operation");
        command.option("log-level", log_level, "The least urgent log lines to write.");
        command.option("log-format", log_format, "One log line as text or as a JSON object.");
        command
            .option("admin", admin,
                    "Where /healthz, /readyz and /metrics are served. Port 0 takes any free port "
                    "and logs it; \"off\" serves nothing.")
            .metavar("HOST:PORT|off")
            .check(check_admin_endpoint);
        command
            .option("stop-timeout", stop_timeout,
                    "How long an orderly stop may take before the process leaves anyway.")
            .range(100ms, 1h);
        command.request(probe_request,
                        "Asks the running service's /readyz at --admin, prints the answer and "
                        "exits with 0 if it is ready, else with 1: a container's health check. "
                        "Give it the --admin of the service, or the same environment.");
    }
};

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
    return name.data();
}

int answer_probe(const std::string& admin) {
    const auto answer = probe(admin);
    std::fputs(answer ? answer->c_str() : (answer.error().message + "\n").c_str(), stdout);
    return answer ? 0 : 1;
}

int fail(const Error& error) {
    log::error(error.message);
    return 1;
}

}  // namespace

Service::Service(std::string name)
    : name_(std::move(name)),
      origin_(fmt::format("{}/{}-{}", name_, host_name(), ::getpid())),
      metrics_(name_) {}

void Service::request_stop() {
    health_.stopping();
    stop_.request_stop();
}

void Service::on_reload(std::function<void()> reload) {
    const std::scoped_lock lock(reload_mutex_);
    reload_ = std::move(reload);
}

void Service::reload() {
    const std::scoped_lock lock(reload_mutex_);
    if (reload_) return reload_();
    log::info("SIGHUP means nothing here: there is nothing to read again");
}

int run(int argc, const char* const* argv, config::Command& command,
        const std::function<Result<void>(Service&)>& body) {
    CommonOptions common;
    common.declare(command);
    const config::Outcome outcome = command.load(config::process_sources(argc, argv));
    if (outcome.request == probe_request) return answer_probe(common.admin);
    if (!outcome.run) return outcome.print();
    log::configure(common.log_level, common.log_format, command.name());

    Service service(command.name());
    // Before any thread starts, so that all of them leave the signals to this one.
    SignalThread signals(
        {SIGTERM, SIGINT}, common.stop_timeout, [&] { service.request_stop(); },
        SignalThread::echo_max, [&] { service.reload(); });
    auto admin = AdminServer::start(common.admin, service.health(), service.metrics());
    if (!admin) return fail(admin.error());

    log::info("started", {{"version", config::version}, {"pid", ::getpid()}});
    const Result<void> result = body(service);
    service.health().stopping();
    admin->reset();  // while a signal still counts
    signals.finish();
    if (!result) return fail(result.error());
    log::info("stopped");
    return 0;
}

}  // namespace weir::runtime
