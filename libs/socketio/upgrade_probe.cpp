// SPDX-License-Identifier: Apache-2.0
#include "socketio/upgrade_probe.hpp"

namespace weir::socketio {

UpgradeProbe::UpgradeProbe(Session& session, std::shared_ptr<WebSocketLink> link)
    : session_(session), link_(std::move(link)), timer_(link_->executor()) {
    link_->set_listener(this);
}

UpgradeProbe::~UpgradeProbe() {
    if (link_) link_->close(std::nullopt);
}

void UpgradeProbe::start(std::chrono::milliseconds timeout) {
    timer_.expires_after(timeout);
    timer_.async_wait([session = session_.weak_from_this(), this](const net::ErrorCode& cancelled) {
        const auto alive = session.lock();
        if (!cancelled && alive && alive->probe_.get() == this) alive->abandon_upgrade();
    });
    link_->flush();
}

void UpgradeProbe::on_link_message(std::string_view data, bool binary) {
    const auto session = session_.shared_from_this();
    if (!binary && !probed_ && data == "2probe") {
        probed_ = true;
        link_->send(packet_chunk(EngineType::pong, "probe"));
        link_->flush();
        session->on_probed();
    } else if (!binary && probed_ && data == "5") {
        session->finish_upgrade(std::move(link_));  // which destroys this probe
    } else {
        session->abandon_upgrade();
    }
}

void UpgradeProbe::on_link_closed(CloseReason) { session_.abandon_upgrade(); }

}  // namespace weir::socketio
