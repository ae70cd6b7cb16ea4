// SPDX-License-Identifier: Apache-2.0
// Goal: the life of a process from its start to its exit code, signals included. Method: each case
// runs in a child process, which is told what to do by real signals.
#include "runtime/service.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "runtime/admin.hpp"
#include "runtime/signals.hpp"

using namespace weir;
using namespace std::chrono_literals;

namespace {

using Body = std::function<Result<void>(runtime::Service&)>;

int run_service(std::vector<const char*> arguments, const Body& body) {
    config::Command command("example", "Runs a body.");
    arguments.insert(arguments.begin(), "example");
    return runtime::run(static_cast<int>(arguments.size()), arguments.data(), command, body);
}

/// A process of its own; what `work` returns is its exit code.
class Child {
public:
    explicit Child(const std::function<int()>& work) : pid_(::fork()) {
        if (pid_ == 0) ::_exit(work());
    }
    void suspend_and_continue() const {
        ::kill(pid_, SIGSTOP);
        ::waitpid(pid_, nullptr, WUNTRACED);
        ::kill(pid_, SIGCONT);
        ::waitpid(pid_, nullptr, WCONTINUED);
    }
    /// The exit code, or minus the signal that killed it.
    int wait() const {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

private:
    pid_t pid_;
};

/// Sends this process a signal and waits until one of its threads has taken it.
void signal_self(int signal) {
    ::kill(::getpid(), signal);
    sigset_t pending;
    do {
        std::this_thread::yield();
        sigpending(&pending);
    } while (sigismember(&pending, signal) == 1);
}

void wait_for_stop(const runtime::Service& service) {
    while (!service.stop().stop_requested())
        std::this_thread::yield();
}

/// A port of loopback that somebody listens on.
class BusyPort {
public:
    BusyPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size);
        ::listen(fd_, 1);
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
        where_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    }
    ~BusyPort() { ::close(fd_); }
    BusyPort(const BusyPort&) = delete;
    BusyPort& operator=(const BusyPort&) = delete;
    [[nodiscard]] const char* where() const { return where_.c_str(); }

private:
    int fd_;
    std::string where_;
};

}  // namespace

TEST_CASE("the exit code tells an orderly end, a failure and a wrong configuration apart",
          "[runtime]") {
    const auto good = [](runtime::Service&) -> Result<void> { return {}; };
    const auto bad = [](runtime::Service&) -> Result<void> { return Error{"the disk is full"}; };
    CHECK(Child([&] { return run_service({"--admin", "off"}, good); }).wait() == 0);
    CHECK(Child([&] { return run_service({"--admin", "off"}, bad); }).wait() == 1);
    CHECK(Child([&] { return run_service({"--admin", "nowhere"}, good); }).wait() == 2);
    const Child full_disk([&] {
        return std::freopen("/dev/full", "w", stdout) ? run_service({"--print-config"}, good) : 99;
    });
    CHECK(full_disk.wait() == 1);
}

TEST_CASE("an admin address that is in use ends the start with code 1", "[runtime]") {
    const BusyPort busy;
    const Child child([&] {
        return run_service({"--admin", busy.where()}, [](runtime::Service&) -> Result<void> {
            ::_exit(99);  // nothing may begin that cannot be watched
        });
    });
    CHECK(child.wait() == 1);
}

TEST_CASE("a probe says whether the service at --admin is ready", "[runtime]") {
    runtime::Health health;
    runtime::Metrics metrics("example");
    auto server = runtime::AdminServer::start("127.0.0.1:0", health, metrics);
    REQUIRE(server.ok());
    const std::string where = "127.0.0.1:" + std::to_string((*server)->port());
    const auto probe = [&](const std::string& admin) {
        const Child child([&] {
            return run_service({"--probe", "--admin", admin.c_str()},
                               [](runtime::Service&) -> Result<void> { ::_exit(99); });
        });
        return child.wait();
    };
    auto& kafka = health.condition("kafka");
    CHECK(probe(where) == 1);
    kafka.met();
    CHECK(probe(where) == 0);
    health.stopping();
    CHECK(probe(where) == 1);
    CHECK(probe("off") == 1);
    CHECK(probe("127.0.0.1:0") == 1);
    CHECK(probe("nowhere") == 2);
    server->reset();
    CHECK(probe(where) == 1);
}

TEST_CASE("SIGHUP reloads each time, and stops nothing", "[runtime]") {
    const Child child([] {
        return run_service({"--admin", "off"}, [](runtime::Service& service) -> Result<void> {
            std::atomic<int> reloads = 0;
            service.on_reload([&] { ++reloads; });
            for (int count = 1; count <= 3; ++count) {
                signal_self(SIGHUP);
                while (reloads < count)
                    std::this_thread::yield();
            }
            service.on_reload(nullptr);  // nothing to reload any more
            signal_self(SIGHUP);
            if (service.stop().stop_requested()) return Error{"stopped"};
            signal_self(SIGTERM);
            wait_for_stop(service);
            signal_self(SIGHUP);  // no second request to stop
            return reloads == 3 ? Result<void>{} : Error{"reloaded when it should not"};
        });
    });
    CHECK(child.wait() == 0);
}

TEST_CASE("a SIGHUP while stopping is no second request", "[runtime]") {
    const Child child([] {
        runtime::SignalThread signals(
            {SIGTERM}, 1h, [] {}, 0ms, [] { ::_exit(99); });
        signal_self(SIGTERM);
        signal_self(SIGHUP);
        signals.finish();
        return 0;
    });
    CHECK(child.wait() == 0);
}

TEST_CASE("a request to stop that comes twice at once is one request", "[runtime]") {
    const Child child([] {
        return run_service({"--admin", "off"}, [](runtime::Service& service) -> Result<void> {
            signal_self(SIGTERM);
            wait_for_stop(service);
            signal_self(SIGTERM);
            signal_self(SIGINT);
            return {};
        });
    });
    CHECK(child.wait() == 0);
}

TEST_CASE("a second request to stop ends the process at once", "[runtime]") {
    const Child child([] {
        runtime::SignalThread signals(
            {SIGTERM, SIGINT}, 1h, [] {}, 0ms);
        signal_self(SIGTERM);
        ::kill(::getpid(), SIGINT);
        while (true)
            ::pause();
        return 0;
    });
    CHECK(child.wait() == 1);
}

TEST_CASE("a stop that takes too long ends the process", "[runtime]") {
    const Child child([] {
        runtime::SignalThread signals({SIGTERM}, 0ms, [] {});
        ::kill(::getpid(), SIGTERM);
        while (true)
            ::pause();
        return 0;
    });
    CHECK(child.wait() == 1);
}

TEST_CASE("a process that is suspended while it stops still ends in order", "[runtime]") {
    int stopping[2];
    int go_on[2];
    REQUIRE(::pipe(stopping) == 0);
    REQUIRE(::pipe(go_on) == 0);
    char byte = 0;
    const Child child([&] {
        return run_service({"--admin", "off"}, [&](runtime::Service& service) -> Result<void> {
            signal_self(SIGTERM);
            wait_for_stop(service);
            if (::write(stopping[1], &byte, 1) != 1) return Error{"no pipe"};
            if (::read(go_on[0], &byte, 1) != 1) return Error{"no pipe"};
            return {};
        });
    });
    REQUIRE(::read(stopping[0], &byte, 1) == 1);
    child.suspend_and_continue();
    REQUIRE(::write(go_on[1], &byte, 1) == 1);
    CHECK(child.wait() == 0);
}
