// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"

namespace weir::runtime {

/// Serves /healthz, /readyz and /metrics from a thread of its own; among the metrics is what the
/// first two say.
class AdminServer {
public:
    /// `where` is HOST:PORT or "off". Both references must outlive the server.
    /// Errors: the address cannot be listened on; the sentence names it and the option.
    static Result<std::unique_ptr<AdminServer>> start(const std::string& where,
                                                      const Health& health, Metrics& metrics);
    ~AdminServer();
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;

    /// The port listened on; 0 when off.
    [[nodiscard]] std::uint16_t port() const;

private:
    struct State;
    explicit AdminServer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Asks the service that serves `where` on this machine for its /readyz, as a container's health
/// check does. The value is the body of the answer: which conditions are met.
/// Errors: it is not ready, does not answer, or serves nothing that can be asked.
Result<std::string> probe(const std::string& where);

/// The rule for the value of `--admin`.
Result<void> check_admin_endpoint(const std::string& where);

}  // namespace weir::runtime
