// SPDX-License-Identifier: Apache-2.0
#include "socketio/uplink.hpp"

#include <charconv>
#include <deque>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include "base/log.hpp"
#include "net/backoff.hpp"
#include "socketio/uplink_protocol.hpp"
#include "socketio/websocket_client.hpp"

namespace weir::socketio {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto look_every = 100ms;  // at the deadlines
constexpr std::size_t answers_max = 1'000;
constexpr auto too_large_log_every = 1min;
constexpr const char* query = "?EIO=4&transport=websocket";

void add(UplinkStats::Count& count, std::uint64_t number = 1) {
    count.fetch_add(number, std::memory_order_relaxed);
}

}  // namespace

class Uplink::State final : public WebSocketClient::Listener,
                            public std::enable_shared_from_this<State> {
public:
    State(net::asio::io_context& context, UplinkOptions options, Uplink::Listener listener)
        : context_(context),
          options_(std::move(options)),
          listener_(std::move(listener)),
          backoff_(options_.retry_first, options_.retry_ceiling, std::random_device{}()),
          timer_(context.get_executor()) {}

    void start() {
        connect();
        look();
    }

    void send(std::vector<UplinkEvent> events) {
        add(stats_.undelivered, events.size());
        if (batches_.empty()) progress();
        batches_.push_back({.events = std::move(events)});
        write();
    }

    void stop() {
        stopped_ = true;
        timer_.cancel();
        if (client_) client_->close();
        client_.reset();
    }

    const UplinkStats& stats() const { return stats_; }

    void on_open() override { progress(); }

    void on_text(std::string_view message) override {
        heard_ = Clock::now();
        const auto reaction = protocol_->receive(message, answers_);
        switch (reaction.kind) {
            case UplinkProtocol::Reaction::Kind::none: break;
            case UplinkProtocol::Reaction::Kind::joined:
                joined_ = true;
                add(stats_.connections);
                progress();
                listener_.connected();
                break;
            case UplinkProtocol::Reaction::Kind::ack: on_ack(reaction.ack); break;
            case UplinkProtocol::Reaction::Kind::over: return lose(reaction.why);
        }
        if (answers_.size() > answers_max) return lose("it sends pings and does not read");
        write();
    }

    void on_pong(std::string_view payload) override {
        std::uint64_t mark = 0;
        const auto [end, error] =
            std::from_chars(payload.data(), payload.data() + payload.size(), mark);
        const bool ours = error == std::errc{} && end == payload.data() + payload.size();
        if (!ours || mark > mark_ || mark <= passed_) return;
        passed_ = mark;
        progress();
        settle();
    }

    void on_sent() override {
        writing_ = false;
        // Answers to the server's pings go on whatever becomes of the events.
        if (std::exchange(sending_, false)) progress();
        write();
    }

    void on_closed(const std::string& reason) override { lose(reason); }

private:
    struct Batch {
        std::vector<UplinkEvent> events;
        std::size_t sent = 0;       ///< of the events, over this connection
        bool all_sent = false;      ///< and the ping behind them
        std::uint64_t mark = 0;     ///< of that ping
        std::uint64_t ack_end = 0;  ///< Receipt::acked: the number after its last event's
    };

    void connect() {
        protocol_.emplace(options_.nsps, options_.auth);
        auto client = WebSocketClient::make(context_, options_.url, options_.tls, *this);
        if (!client) return lose(client.error().message);
        client_ = std::move(*client);
        heard_ = progress_ = Clock::now();
        client_->open(query);
    }

    /// What has no receipt is sent again over the next connection.
    void lose(const std::string& reason) {
        if (client_) client_->close();
        client_.reset();
        joined_ = writing_ = sending_ = false;
        answers_.clear();
        unacked_.clear();
        mark_ = passed_ = next_ack_ = 0;
        next_ = 0;
        for (Batch& batch : batches_) {
            add(stats_.sent_again, batch.sent);
            batch = {.events = std::move(batch.events)};
        }
        retry_at_ = Clock::now() + backoff_.next();
        listener_.lost(reason);
    }

    void progress() { progress_ = Clock::now(); }

    void look() {
        timer_.expires_after(look_every);
        timer_.async_wait([self = shared_from_this()](const net::ErrorCode& error) {
            if (error || self->stopped_) return;
            self->check(Clock::now());
            self->look();
        });
    }

    void check(Clock::time_point now) {
        if (!client_) {
            if (now >= retry_at_) connect();
            return;
        }
        const bool waiting = !joined_ || !batches_.empty();
        if (waiting && now > progress_ + options_.timeout)
            return lose(joined_ ? "it does not confirm what it was sent" : "no answer in time");
        const auto silence_max = protocol_->silence_max();
        if (silence_max && now > heard_ + *silence_max) lose("it has not sent a ping for too long");
    }

    /// Hands the next message to the connection, if it is not busy with one.
    void write() {
        if (!client_ || writing_) return;
        if (!answers_.empty()) {
            const std::string answer = std::move(answers_.front());
            answers_.erase(answers_.begin());
            return write_message(answer);
        }
        while (joined_ && next_ < batches_.size()) {
            Batch& batch = batches_[next_];
            if (batch.sent < batch.events.size()) {
                if (write_event(batch)) return;
                continue;
            }
            ++next_;
            batch.all_sent = true;
            batch.ack_end = next_ack_;
            const bool ping = options_.receipt == Receipt::read && !batch.events.empty();
            if (ping) ++mark_;
            batch.mark = mark_;
            if (ping) {
                writing_ = sending_ = true;
                client_->ping(std::to_string(mark_));
                return;
            }
            settle();
        }
    }

    void write_message(std::string message) {
        writing_ = true;
        client_->send(std::move(message));
    }

    /// False when the event was left out.
    bool write_event(Batch& batch) {
        const UplinkEvent& event = batch.events[batch.sent];
        const bool ask = options_.receipt == Receipt::acked;
        std::string message = uplink_message(event.nsp, event.name, event.args,
                                             ask ? std::optional(next_ack_) : std::nullopt);
        if (message.size() > protocol_->message_bytes_max()) {
            leave_out(event, message.size());
            batch.events.erase(batch.events.begin() + static_cast<std::ptrdiff_t>(batch.sent));
            return false;
        }
        ++batch.sent;
        if (ask) unacked_.insert(next_ack_++);
        sending_ = true;
        write_message(std::move(message));
        return true;
    }

    void leave_out(const UplinkEvent& event, std::size_t size) {
        add(stats_.too_large);
        stats_.undelivered.fetch_sub(1, std::memory_order_relaxed);
        const auto now = Clock::now();
        if (now < too_large_log_due_) return;
        too_large_log_due_ = now + too_large_log_every;
        log::warn(
            "events were larger than the upstream takes and left out",
            {{"event", event.name}, {"bytes", size}, {"most", protocol_->message_bytes_max()}});
    }

    void on_ack(std::uint64_t number) {
        if (unacked_.erase(number) == 0) return;
        progress();
        settle();
    }

    /// Lets go of the batches that have their receipt.
    void settle() {
        while (!batches_.empty() && has_receipt(batches_.front())) {
            const std::size_t count = batches_.front().events.size();
            batches_.pop_front();
            --next_;
            add(stats_.delivered, count);
            stats_.undelivered.fetch_sub(count, std::memory_order_relaxed);
            if (count > 0) backoff_.reset();
            listener_.delivered();
        }
    }

    bool has_receipt(const Batch& batch) const {
        if (!batch.all_sent) return false;
        if (options_.receipt == Receipt::read) return batch.mark <= passed_;
        return unacked_.empty() || *unacked_.begin() >= batch.ack_end;
    }

    net::asio::io_context& context_;
    const UplinkOptions options_;
    const Uplink::Listener listener_;
    UplinkStats stats_;
    net::Backoff backoff_;
    net::Timer timer_;
    bool stopped_ = false;

    std::deque<Batch> batches_;  ///< without a receipt, oldest first

    // Of the present connection.
    std::shared_ptr<WebSocketClient> client_;  ///< none between two attempts
    std::optional<UplinkProtocol> protocol_;
    std::vector<std::string> answers_;  ///< to be sent before events
    bool joined_ = false;
    bool writing_ = false;
    bool sending_ = false;      ///< writing an event, or the ping behind some
    std::size_t next_ = 0;      ///< the batch that is being sent
    std::uint64_t mark_ = 0;    ///< of the last ping
    std::uint64_t passed_ = 0;  ///< of the last pong
    std::uint64_t next_ack_ = 0;
    std::set<std::uint64_t> unacked_;
    Clock::time_point heard_{};     ///< of the server
    Clock::time_point progress_{};  ///< of the connection or of what is sent over it
    Clock::time_point retry_at_{};
    Clock::time_point too_large_log_due_{};
};

Uplink::Uplink(net::asio::io_context& context, UplinkOptions options, Listener listener)
    : state_(std::make_shared<State>(context, std::move(options), std::move(listener))) {}

Uplink::~Uplink() { stop(); }

void Uplink::start() { state_->start(); }
void Uplink::send(std::vector<UplinkEvent> batch) { state_->send(std::move(batch)); }
void Uplink::stop() { state_->stop(); }
const UplinkStats& Uplink::stats() const { return state_->stats(); }

}  // namespace weir::socketio
