// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "net/asio.hpp"
#include "socketio/socket.hpp"

namespace weir::socketio {

/// The answers one socket still owes, each with its deadline. Every handler is called exactly
/// once.
class AckTable : public std::enable_shared_from_this<AckTable> {
public:
    explicit AckTable(net::asio::io_context& context) : context_(context) {}
    ~AckTable();

    std::size_t size() const { return pending_.size(); }

    /// Returns the id to ask with.
    std::uint64_t add(Socket::OnAnswer on_answer, std::chrono::milliseconds timeout);

    /// Hands the answer to its handler; an id that was not asked for is ignored.
    void answer(std::uint64_t id, std::optional<Socket::Answer> answer);

private:
    struct Pending {
        Socket::OnAnswer on_answer;
        net::Timer timer;
    };

    net::asio::io_context& context_;
    std::uint64_t next_id_ = 0;
    std::map<std::uint64_t, Pending> pending_;
};

}  // namespace weir::socketio
