// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>

#include "socketio/session.hpp"

namespace weir::socketio {

/// A WebSocket that wants to take over from long-polling ("Upgrade", Engine.IO protocol revision
/// 4): it asks `2probe`, is told `3probe`, and completes with `5`. Anything else, or nothing in
/// time, ends the new connection only.
///
/// Lifetime: owned by its session.
class UpgradeProbe final : private WebSocketLink::Listener {
public:
    UpgradeProbe(Session& session, std::shared_ptr<WebSocketLink> link);
    ~UpgradeProbe();

    void start(std::chrono::milliseconds timeout);

private:
    void on_link_message(std::string_view data, bool binary) override;
    void on_link_drained() override {}
    void on_link_closed(CloseReason reason) override;

    Session& session_;
    std::shared_ptr<WebSocketLink> link_;
    net::Timer timer_;
    bool probed_ = false;
};

}  // namespace weir::socketio
