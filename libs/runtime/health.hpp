// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weir::runtime {

/// What /healthz and /readyz answer: whether the process works, and whether it can do its job now.
///
/// Problem: "the process runs" and "the process is of use" are different questions. An orchestrator
/// restarts what is not alive and sends nothing to what is not ready; a service whose broker is
/// down is alive and not ready; so is one that has not said yet what it needs.
///
/// Threads: every function from any thread.
class Health {
public:
    using Time = std::chrono::steady_clock::time_point;

    /// One thing the service needs before it can do its job (`kafka`, `mqtt`). Not ready at first.
    class Condition {
    public:
        void met();
        /// `reason` is a sentence for the operator.
        void unmet(std::string reason);

    private:
        friend class Health;
        Condition(Health& health, std::string name) : health_(&health), name_(std::move(name)) {}
        Health* health_;
        std::string name_;
        std::optional<std::string> reason_ = "not yet";
    };

    /// A loop that must come round: the process counts as hung when it has not for `limit`.
    class Pulse {
    public:
        void beat(Time now = std::chrono::steady_clock::now());

    private:
        friend class Health;
        Pulse(Health& health, std::string name, std::chrono::milliseconds limit, Time now)
            : health_(&health), name_(std::move(name)), limit_(limit), last_(now) {}
        Health* health_;
        std::string name_;
        std::chrono::milliseconds limit_;
        Time last_;
    };

    /// Both live as long as this object.
    Condition& condition(std::string name);
    Pulse& pulse(std::string name, std::chrono::milliseconds limit,
                 Time now = std::chrono::steady_clock::now());

    /// From now on not ready, so that nothing new is sent here.
    void stopping();

    struct Report {
        bool good;
        std::string json;  ///< one object: {"status":"ready","conditions":{"kafka":"ok"}}
    };
    [[nodiscard]] Report ready() const;
    [[nodiscard]] Report alive(Time now = std::chrono::steady_clock::now()) const;
    /// The name of each condition, and whether it is met.
    [[nodiscard]] std::vector<std::pair<std::string, bool>> conditions() const;

private:
    mutable std::mutex mutex_;
    std::list<Condition> conditions_;  // a list, so that handles stay valid
    std::list<Pulse> pulses_;
    bool stopping_ = false;
};

}  // namespace weir::runtime
