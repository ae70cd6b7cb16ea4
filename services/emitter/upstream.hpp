// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "feed.hpp"
#include "gate.hpp"
#include "kafka/record.hpp"
#include "net/io_thread.hpp"
#include "options.hpp"
#include "runtime/service.hpp"
#include "socketio/uplink.hpp"

namespace weir::emitter {

/// Sends events to the Socket.IO server --upstream instead of to clients, and knows up to where it
/// has got them.
///
/// Threads: start() and stop() are the owner's, sink()'s functions the feed's; within, there is an
///          io thread.
class Upstream {
public:
    /// Both references outlive it.
    Upstream(const Options& options, runtime::Service& service);
    ~Upstream();

    void start();
    FeedSink sink();
    const socketio::UplinkStats& stats() const { return uplink_.stats(); }

private:
    using Positions = std::vector<kafka::Position>;

    void take(const std::vector<Outgoing>& batch, const Positions& ends);
    void on_delivered();
    void on_lost(const std::string& reason);
    Positions done();
    void finish();

    const Options& options_;
    runtime::Health::Condition& ready_;
    std::string told_;  ///< the last reason that was logged
    Gate gate_;
    std::mutex mutex_;  ///< for what follows
    std::condition_variable changed_;
    std::deque<Positions> under_way_;  ///< where each batch that is not delivered ends
    std::map<kafka::TopicPartition, Offset> done_;
    net::IoThread io_;
    socketio::Uplink uplink_;
};

}  // namespace weir::emitter
