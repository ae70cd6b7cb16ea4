// SPDX-License-Identifier: Apache-2.0
#include "socketio/ack_table.hpp"

namespace weir::socketio {

AckTable::~AckTable() {
    auto left = std::move(pending_);
    for (auto& [id, pending] : left)
        pending.on_answer(std::nullopt);
}

std::uint64_t AckTable::add(Socket::OnAnswer on_answer, std::chrono::milliseconds timeout) {
    const std::uint64_t id = next_id_++;
    auto& pending =
        pending_.try_emplace(id, Pending{std::move(on_answer), net::Timer(context_)}).first->second;
    pending.timer.expires_after(timeout);
    pending.timer.async_wait([table = weak_from_this(), id](const net::ErrorCode& cancelled) {
        const auto self = table.lock();
        if (!cancelled && self) self->answer(id, std::nullopt);
    });
    return id;
}

void AckTable::answer(std::uint64_t id, std::optional<Socket::Answer> answer) {
    const auto found = pending_.find(id);
    if (found == pending_.end()) return;
    const auto on_answer = std::move(found->second.on_answer);
    pending_.erase(found);
    on_answer(std::move(answer));
}

}  // namespace weir::socketio
