// SPDX-License-Identifier: Apache-2.0
#include "mqtt/subscriber.hpp"

#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>

#include "base/log.hpp"
#include "mqtt/read_buffer.hpp"
#include "mqtt/transport.hpp"
#include "net/asio.hpp"
#include "net/backoff.hpp"
#include "net/io_thread.hpp"

namespace weir::mqtt {
namespace {

using Clock = std::chrono::steady_clock;
using net::ErrorCode;
using Resolver = Transport::Resolver;

constexpr std::chrono::milliseconds tick_interval{250};
constexpr std::chrono::milliseconds goodbye_max{1'000};

SessionOptions session_options(const SubscriberOptions& options) {
    SessionOptions session;
    session.client_id = options.connection.client_id;
    session.user = options.connection.user;
    session.password = options.connection.password;
    session.version = options.connection.version;
    session.keep_alive = options.connection.keep_alive;
    session.subscriptions = options.subscriptions;
    session.unsubscribe = options.unsubscribe;
    session.answer_max = options.connection.connect_timeout;
    session.unacknowledged_max = options.unacknowledged_max;
    session.unacknowledged_bytes_max = options.unacknowledged_bytes_max;
    return session;
}

std::string ended_by(const ErrorCode& error) {
    return error == net::asio::error::eof ? "the broker closed the connection" : error.message();
}

}  // namespace

/// Everything private runs on the io thread. Each connection has a number; a completion that
/// belongs to an earlier one is ignored.
class Subscriber::State {
public:
    State(SubscriberOptions options, MessageHandler on_message, StateHandler on_state);

    void acknowledge(Token token);
    SubscriberStats stats() const;
    void finish(std::chrono::milliseconds wait);
    void reconnect(bool wanted);
    bool ended() const { return ended_; }
    void join();

private:
    void connect();
    void connected(std::uint64_t connection, const ErrorCode& error, std::string_view reason);
    void read();
    void parse();
    bool parse_one(Clock::time_point now);
    void handle(const Session::Event& event);
    void flush();
    void written(std::uint64_t connection, const ErrorCode& error);
    void leave(std::uint8_t reason, std::string sentence);
    void wait_for_end();
    void fail(std::string_view reason);
    void tick();
    void apply_acknowledgements();
    void close_if_done(bool patience_over);
    void end();
    void publish_stats();
    bool wants_more() const { return open_ && !leaving_ && !closing_ && !session_.full(); }

    const SubscriberOptions options_;
    const MessageHandler on_message_;
    const StateHandler on_state_;
    const log::Field broker_{"broker", options_.connection.broker.text()};
    const log::Field client_{"client_id", options_.connection.client_id};
    Session session_;
    net::Backoff backoff_;

    net::IoThread thread_{"mqtt"};
    Resolver resolver_;
    std::shared_ptr<Transport> transport_;
    net::Timer connect_timer_;
    net::Timer retry_timer_;
    net::Timer tick_timer_;
    net::Timer close_timer_;

    std::uint64_t connection_ = 0;
    bool open_ = false;     // MQTT may be spoken
    bool reading_ = false;  // a read is under way
    bool writing_ = false;  // a write is under way
    bool leaving_ = false;  // the connection ends once everything is written
    bool left_ = false;     // everything is written: waiting for the broker to end it
    bool paused_ = false;   // the session was full when last looked at
    bool failure_told_ = false;
    bool subscribed_ = false;
    bool reconnecting_ = true;
    bool closing_ = false;
    std::atomic<bool> ended_ = false;
    std::string leave_reason_;
    std::shared_ptr<ReadBuffer> buffer_;  // of this connection; its read may outlive that
    std::promise<void> end_;

    std::mutex acknowledged_mutex_;
    std::vector<Token> acknowledged_;
    std::vector<Token> applying_;

    mutable std::mutex stats_mutex_;
    SubscriberStats stats_;
    std::optional<Clock::time_point> oldest_;
};

Subscriber::State::State(SubscriberOptions options, MessageHandler on_message,
                         StateHandler on_state)
    : options_(std::move(options)),
      on_message_(std::move(on_message)),
      on_state_(std::move(on_state)),
      session_(session_options(options_)),
      backoff_(options_.connection.retry_first, options_.connection.retry_ceiling,
               std::random_device{}(), options_.reconnect_wait_min),
      resolver_(thread_.context()),
      connect_timer_(thread_.context()),
      retry_timer_(thread_.context()),
      tick_timer_(thread_.context()),
      close_timer_(thread_.context()),
      buffer_(std::make_shared<ReadBuffer>(options_.packet_bytes_max)) {
    thread_.start();
    thread_.post([this] {
        connect();
        tick();
    });
}

void Subscriber::State::connect() {
    const std::uint64_t connection = ++connection_;
    const net::Endpoint& broker = options_.connection.broker.endpoint;
    connect_timer_.expires_after(options_.connection.connect_timeout);
    connect_timer_.async_wait([this, connection](const ErrorCode& error) {
        if (!error && connection == connection_) fail("no answer in time");
    });
    auto transport = Transport::make(thread_.context(), options_.connection);
    if (!transport) return fail(transport.error().message);
    transport_ = std::move(*transport);
    resolver_.async_resolve(
        broker.host, std::to_string(broker.port),
        [this, connection](const ErrorCode& error, const Resolver::results_type& addresses) {
            if (connection != connection_) return;
            if (error) return fail(error.message());
            transport_->connect(addresses, [this, connection](const ErrorCode& failure,
                                                              std::string_view reason) {
                connected(connection, failure, reason);
            });
        });
}

void Subscriber::State::connected(std::uint64_t connection, const ErrorCode& error,
                                  std::string_view reason) {
    if (connection != connection_) return;
    if (error) return fail(reason);
    open_ = true;
    session_.open(Clock::now());
    flush();
    read();
}

void Subscriber::State::read() {
    if (reading_ || !(wants_more() || left_)) return;
    if (left_) buffer_->clear();  // nobody looks at it any more
    reading_ = true;
    const std::uint64_t connection = connection_;
    const std::span<char> room = buffer_->room();
    transport_->read_some(room, [this, connection, buffer = buffer_](const ErrorCode& error,
                                                                     std::size_t count) {
        if (connection != connection_) return;
        reading_ = false;
        if (left_) return error ? fail(leave_reason_) : read();
        if (error) return fail(ended_by(error));
        buffer->filled(count);
        parse();
    });
}

/// Works off what was read, writes the answers in one go, and reads on.
void Subscriber::State::parse() {
    // One look at the clock for all that a read brought, which is at most a few milliseconds' work.
    const auto now = Clock::now();
    while (wants_more() && parse_one(now)) {
    }
    const bool full = open_ && session_.full();
    if (full && !paused_) {
        const std::lock_guard lock(stats_mutex_);
        ++stats_.pauses;
    }
    paused_ = full;
    publish_stats();
    flush();
    read();
}

bool Subscriber::State::parse_one(Clock::time_point now) {
    const auto frame = take_frame(buffer_->unread(), options_.packet_bytes_max);
    if (!frame) {
        leave(frame.error().reason, std::string(frame.error().what));
        return false;
    }
    if (!frame->has_value()) return false;
    const auto event = session_.receive(**frame, now);
    if (!event) {
        leave(event.error().reason, std::string(event.error().what));
        return false;
    }
    buffer_->take(**frame);
    handle(*event);
    return true;
}

void Subscriber::State::handle(const Session::Event& event) {
    switch (event.kind) {
        case Session::Event::Kind::none: return;
        case Session::Event::Kind::message: on_message_(event.message, event.token); return;
        case Session::Event::Kind::connected:
            connect_timer_.cancel();
            log::info("connected to the MQTT broker",
                      {broker_, client_, {"session_present", event.session_present}});
            if (!event.text.empty()) log::warn(event.text, {broker_, client_});
            return;
        case Session::Event::Kind::subscribed:
            connect_timer_.cancel();
            backoff_.reset();
            failure_told_ = false;
            subscribed_ = true;
            {
                const std::lock_guard lock(stats_mutex_);
                ++stats_.connections;
            }
            log::info("subscribed at the MQTT broker", {broker_, client_});
            if (!event.text.empty()) log::warn(event.text, {broker_, client_});
            if (on_state_) on_state_(true, {});
            return;
        case Session::Event::Kind::unsubscribed:
            if (event.text.empty())
                log::info("unsubscribed from old filters at the MQTT broker", {broker_, client_});
            else
                log::warn(event.text, {broker_, client_});
            return;
        case Session::Event::Kind::refused: leave(0, event.text); return;
        case Session::Event::Kind::ended: fail(event.text); return;
    }
}

void Subscriber::State::flush() {
    if (!open_ || writing_) return;
    if (session_.output().empty()) {
        if (leaving_ && !left_) wait_for_end();
        return;
    }
    writing_ = true;
    const std::uint64_t connection = connection_;
    transport_->write(session_.output(), [this, connection](const ErrorCode& error, std::size_t) {
        written(connection, error);
    });
}

void Subscriber::State::written(std::uint64_t connection, const ErrorCode& error) {
    if (connection != connection_) return;
    writing_ = false;
    if (error) return fail(ended_by(error));
    flush();
}

/// Ends the connection politely: everything is written, DISCONNECT last.
void Subscriber::State::leave(std::uint8_t reason, std::string sentence) {
    if (leaving_) return;
    leaving_ = true;
    leave_reason_ = std::move(sentence);
    session_.close(reason);
    connect_timer_.expires_after(goodbye_max);
    const std::uint64_t connection = connection_;
    connect_timer_.async_wait([this, connection](const ErrorCode& error) {
        if (!error && connection == connection_) fail(leave_reason_);
    });
    flush();
}

/// Everything is said. The broker must end the connection: closing it with bytes unread would send
/// a reset, and that makes the broker forget what it has not read yet of our acknowledgements.
void Subscriber::State::wait_for_end() {
    left_ = true;
    transport_->shutdown_send();
    read();
}

/// The connection is over, or did not come about: starts again unless that is not wanted.
void Subscriber::State::fail(std::string_view reason) {
    const std::string sentence(reason);
    ++connection_;
    if (transport_) transport_->close();
    transport_.reset();
    resolver_.cancel();
    connect_timer_.cancel();
    if (open_) session_.lost();
    open_ = reading_ = writing_ = leaving_ = left_ = paused_ = false;
    buffer_ = std::make_shared<ReadBuffer>(options_.packet_bytes_max);
    publish_stats();
    if (closing_ || !reconnecting_) return end();
    log::write(std::exchange(failure_told_, true) ? log::Level::debug : log::Level::warn,
               subscribed_ ? "lost the MQTT broker, reconnecting"
                           : "cannot subscribe at the MQTT broker, trying on",
               {broker_, client_, {"reason", sentence}});
    subscribed_ = false;
    if (on_state_) on_state_(false, sentence);
    retry_timer_.expires_after(backoff_.next());
    retry_timer_.async_wait([this](const ErrorCode& error) {
        if (!error && !closing_) connect();
    });
}

void Subscriber::State::tick() {
    tick_timer_.expires_after(tick_interval);
    tick_timer_.async_wait([this](const ErrorCode& error) {
        if (!error) tick();
    });
    const auto pulse = open_ ? session_.tick(Clock::now(), reading_) : Session::Pulse::fine;
    if (pulse == Session::Pulse::broker_silent) fail("the broker does not answer pings");
    if (pulse == Session::Pulse::not_subscribed) fail("the broker does not answer SUBSCRIBE");
    flush();
    const std::lock_guard lock(stats_mutex_);
    oldest_ = session_.oldest();
}

void Subscriber::State::acknowledge(Token token) {
    const std::lock_guard lock(acknowledged_mutex_);
    acknowledged_.push_back(token);
    if (acknowledged_.size() == 1) thread_.post([this] { apply_acknowledgements(); });
}

void Subscriber::State::apply_acknowledgements() {
    applying_.clear();
    {
        const std::lock_guard lock(acknowledged_mutex_);
        applying_.swap(acknowledged_);
    }
    for (const Token token : applying_)
        session_.acknowledge(token);
    if (closing_) {
        publish_stats();
        flush();
        return close_if_done(false);
    }
    if (!open_) return publish_stats();
    parse();
}

SubscriberStats Subscriber::State::stats() const {
    const std::lock_guard lock(stats_mutex_);
    SubscriberStats stats = stats_;
    if (oldest_)
        stats.oldest_age =
            std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - *oldest_);
    return stats;
}

void Subscriber::State::publish_stats() {
    const std::lock_guard lock(stats_mutex_);
    stats_.session = session_.stats();
    stats_.unacknowledged = session_.unacknowledged();
}

void Subscriber::State::finish(std::chrono::milliseconds wait) {
    thread_.post([this, wait] {
        if (ended_) return;
        closing_ = true;
        retry_timer_.cancel();
        close_timer_.expires_after(wait);
        close_timer_.async_wait([this](const ErrorCode& error) {
            if (!error) close_if_done(true);
        });
        close_if_done(false);
    });
}

void Subscriber::State::reconnect(bool wanted) {
    thread_.post([this, wanted] {
        reconnecting_ = wanted;
        if (!wanted && !subscribed_ && !ended_) fail("not wanted any more");
    });
}

void Subscriber::State::close_if_done(bool patience_over) {
    if (ended_ || leaving_) return;
    if (!open_) return fail("closing");
    if (!patience_over && session_.unacknowledged() > 0) return;
    leave(0, "closing");
}

void Subscriber::State::end() {
    if (ended_) return;
    retry_timer_.cancel();
    close_timer_.cancel();
    tick_timer_.cancel();
    ended_ = true;
    end_.set_value();
}

void Subscriber::State::join() {
    finish(std::chrono::milliseconds{0});
    end_.get_future().wait();
    thread_.stop();
}

Subscriber::Subscriber(SubscriberOptions options, MessageHandler on_message, StateHandler on_state)
    : state_(std::make_unique<State>(std::move(options), std::move(on_message),
                                     std::move(on_state))) {}

Subscriber::~Subscriber() { state_->join(); }

void Subscriber::acknowledge(Token token) { state_->acknowledge(token); }

SubscriberStats Subscriber::stats() const { return state_->stats(); }

void Subscriber::finish(std::chrono::milliseconds wait) { state_->finish(wait); }

void Subscriber::reconnect(bool wanted) { state_->reconnect(wanted); }

bool Subscriber::ended() const { return state_->ended(); }

}  // namespace weir::mqtt
