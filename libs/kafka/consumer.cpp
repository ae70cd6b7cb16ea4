// SPDX-License-Identifier: Apache-2.0
#include "kafka/consumer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.hpp"
#include "kafka/client.hpp"
#include "kafka/consumer_state.hpp"

namespace weir::kafka {

using std::chrono::milliseconds;

namespace {

// librdkafka wants a group id even where no group is used; nothing is ever committed under it.
constexpr const char* no_group = "weir-no-group";

// Leaving a group takes a few answers of the brokers. More would only be spent on a library that
// hangs: before 2.5, librdkafka may for ever wait for the answer to an assignment that came while
// closing (confluentinc/librdkafka 4527).
constexpr milliseconds close_timeout{2000};

// Answered by another thread of this process. Before 2.1, librdkafka takes the number for
// microseconds.
milliseconds seek_timeout() {
    constexpr int mended = 0x02010000;
    return rd_kafka_version() < mended ? milliseconds{1'000'000} : milliseconds{1'000};
}

/// Before 2.3, librdkafka aborts when a member of a cooperative group is destroyed that never had
/// an assignment (confluentinc/librdkafka 4312).
bool survives_destruction_before_assignment() {
    constexpr int fixed_in = 0x02030000;
    return rd_kafka_version() >= fixed_in;
}

}  // namespace

Outcome<Consumer> Consumer::open(const Options& options, const ConsumerSettings& settings) {
    auto state = std::make_unique<State>(settings);
    ClientConf conf(options, settings.client_id, state->callbacks);
    conf.preset("session.timeout.ms", "6000");
    conf.preset("heartbeat.interval.ms", "1000");
    // A fetch that asks only for drained partitions holds back the others for this long.
    conf.preset("fetch.wait.max.ms", "50");
    conf.preset("queued.max.messages.kbytes", std::to_string(settings.prefetch_max.count >> 10));
    const bool committed = settings.isolation == Isolation::read_committed;
    conf.fix("isolation.level", committed ? "read_committed" : "read_uncommitted");
    conf.fix("group.id", settings.group.empty() ? no_group : settings.group);
    conf.fix("partition.assignment.strategy",
             settings.assignment == Assignment::cooperative ? "cooperative-sticky" : "range");
    conf.fix("enable.auto.commit", "false");
    conf.fix("enable.auto.offset.store", "false");
    conf.fix("auto.offset.reset", "error");
    conf.fix("enable.partition.eof", "true");
    rd_kafka_conf_set_rebalance_cb(
        conf.native(), [](rd_kafka_t*, rd_kafka_resp_err_t code,
                          rd_kafka_topic_partition_list_t* list, void* opaque) {
            auto* callbacks = static_cast<ClientCallbacks*>(opaque);
            static_cast<State*>(callbacks->owner)->on_rebalance(code, *list);
        });
    auto client = conf.create(RD_KAFKA_CONSUMER);
    if (!client) return client.error();
    state->client.reset(*client);
    rd_kafka_poll_set_consumer(*client);
    state->queue.reset(rd_kafka_queue_get_consumer(*client));
    WEIR_ASSERT(state->queue != nullptr, "a consumer with a group id has a queue");
    return Consumer(std::move(state));
}

Consumer::Consumer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Consumer::Consumer(Consumer&&) noexcept = default;
Consumer& Consumer::operator=(Consumer&&) noexcept = default;

Consumer::~Consumer() {
    if (state_) close();
}

Outcome<void> Consumer::subscribe(const std::vector<std::string>& topics) {
    PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
    for (const std::string& topic : topics)
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
    const auto code = rd_kafka_subscribe(state_->client.get(), list.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure_of("joining the group", code);
    state_->subscribed = true;
    return {};
}

// librdkafka's batch call waits until the batch is full or the time is over, so the wait is for
// one message, and the rest is taken as far as it is there.
std::span<const Event> Consumer::poll(milliseconds timeout) {
    State& state = *state_;
    const std::size_t max = state.settings.batch_records_max;
    state.release();
    state.take(max, milliseconds{0});
    if (state.messages.empty() && timeout > milliseconds{0} && state.rebalances.empty()) {
        state.wait_for_one(timeout);
        if (!state.messages.empty()) state.take(max - 1, milliseconds{0});
    }
    for (const rd_kafka_message_t* message : state.messages)
        state.add_event(*message);
    return state.events;
}

const Rebalance* Consumer::next_rebalance() const {
    if (state_->rebalances.empty()) return nullptr;
    Rebalance& first = state_->rebalances.front();
    if (first.kind == Rebalance::Kind::revoked && assignment_lost())
        first.kind = Rebalance::Kind::lost;
    return &first;
}

Outcome<void> Consumer::start(std::span<const Position> positions) {
    auto& rebalances = state_->rebalances;
    if (!rebalances.empty()) {
        WEIR_ASSERT(rebalances.front().kind == Rebalance::Kind::assigned,
                    "start() answers an assigned rebalance");
        rebalances.pop_front();
    }
    return state_->assign(positions);
}

// Not by giving the partitions up and taking them again: librdkafka would take that for the answer
// to a rebalance that lies in the queue and that nobody has seen yet. Only a partition whose offset
// the log did not have is beyond seeking.
Outcome<void> Consumer::restart(std::span<const Position> positions) {
    constexpr const char* doing = "beginning partitions again";
    const PartitionList list = partition_list(positions);
    const ErrorHandle error(rd_kafka_seek_partitions(state_->client.get(), list.get(),
                                                     milliseconds_int(seek_timeout())));
    if (error) return failure_of(doing, rd_kafka_error_code(error.get()));
    std::vector<TopicPartition> paused;
    std::vector<Position> idle;
    for (int i = 0; i < list->cnt; ++i) {
        const Position& position = positions[static_cast<std::size_t>(i)];
        switch (const rd_kafka_resp_err_t code = list->elems[i].err) {
            case RD_KAFKA_RESP_ERR_NO_ERROR:
                if (state_->is_paused(position.where)) paused.push_back(position.where);
                break;
            case RD_KAFKA_RESP_ERR__STATE:     // has not begun, is being given up, or has stopped
            case RD_KAFKA_RESP_ERR__OUTDATED:  // paused by a rebalance at this very moment
                idle.push_back(position);
                break;
            default: return failure_of(doing, code);
        }
    }
    state_->ended.clear();
    if (!idle.empty()) return state_->restart_idle(idle, positions);
    state_->refused_restarts = 0;
    return paused.empty() ? Outcome<void>{} : resume(paused);
}

Outcome<void> Consumer::stop(std::span<const TopicPartition> partitions) {
    auto& rebalances = state_->rebalances;
    if (!rebalances.empty()) {
        WEIR_ASSERT(rebalances.front().kind != Rebalance::Kind::assigned,
                    "stop() answers a revoked or lost rebalance");
        rebalances.pop_front();
    }
    return state_->unassign(partitions);
}

Outcome<void> Consumer::pause(std::span<const TopicPartition> partitions) {
    const PartitionList list = partition_list(partitions);
    const auto code = rd_kafka_pause_partitions(state_->client.get(), list.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure_of("pausing partitions", code);
    state_->paused.insert(state_->paused.end(), partitions.begin(), partitions.end());
    return {};
}

Outcome<void> Consumer::resume(std::span<const TopicPartition> partitions) {
    const PartitionList list = partition_list(partitions);
    const auto code = rd_kafka_resume_partitions(state_->client.get(), list.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure_of("resuming partitions", code);
    std::erase_if(state_->paused, [&](const TopicPartition& one) {
        return std::find(partitions.begin(), partitions.end(), one) != partitions.end();
    });
    return {};
}

Outcome<std::vector<std::optional<Position>>> Consumer::committed(
    std::span<const TopicPartition> partitions, milliseconds timeout) {
    constexpr const char* doing = "reading committed offsets";
    const PartitionList list = partition_list(partitions);
    const auto code =
        rd_kafka_committed(state_->client.get(), list.get(), milliseconds_int(timeout));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure_of(doing, code);
    std::vector<std::optional<Position>> found;
    for (int i = 0; i < list->cnt; ++i) {
        const rd_kafka_topic_partition_t& element = list->elems[i];
        if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) return failure_of(doing, element.err);
        if (element.offset < 0) {
            found.emplace_back();
            continue;
        }
        const auto* metadata = static_cast<const char*>(element.metadata);
        found.push_back(Position{topic_partition(element), Offset{element.offset},
                                 std::string(metadata != nullptr ? metadata : "",
                                             metadata != nullptr ? element.metadata_size : 0)});
    }
    return found;
}

Outcome<void> Consumer::commit(std::span<const Position> positions) {
    const PartitionList list = partition_list(positions);
    constexpr int wait = 0;  // not asynchronous
    const auto code = rd_kafka_commit(state_->client.get(), list.get(), wait);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure_of("committing offsets", code);
    return {};
}

Outcome<std::vector<Position>> Consumer::offsets_for_times(
    std::span<const TopicPartition> partitions, std::chrono::sys_time<milliseconds> time,
    milliseconds timeout) {
    constexpr const char* doing = "finding offsets by time";
    const PartitionList list = partition_list(partitions);
    for (int i = 0; i < list->cnt; ++i)
        list->elems[i].offset = time.time_since_epoch().count();
    const auto code =
        rd_kafka_offsets_for_times(state_->client.get(), list.get(), milliseconds_int(timeout));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure_of(doing, code);
    std::vector<Position> found;
    for (int i = 0; i < list->cnt; ++i) {
        const rd_kafka_topic_partition_t& element = list->elems[i];
        if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) return failure_of(doing, element.err);
        Position position{topic_partition(element), Offset{element.offset}, {}};
        if (element.offset < 0) {  // no such record: the end
            auto watermarks = query_watermarks(position.where, timeout);
            if (!watermarks) return watermarks.error();
            position.offset = watermarks->high;
        }
        found.push_back(std::move(position));
    }
    return found;
}

Outcome<Watermarks> Consumer::query_watermarks(const TopicPartition& partition,
                                               milliseconds timeout) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    const auto code = rd_kafka_query_watermark_offsets(
        state_->client.get(), partition.topic.c_str(), number(partition.partition), &low, &high,
        milliseconds_int(timeout));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return failure_of("asking for a partition's ends", code);
    return Watermarks{Offset{low}, Offset{high}};
}

std::optional<Watermarks> Consumer::cached_watermarks(const TopicPartition& partition) const {
    std::int64_t low = RD_KAFKA_OFFSET_INVALID;
    std::int64_t high = RD_KAFKA_OFFSET_INVALID;
    const auto code = rd_kafka_get_watermark_offsets(state_->client.get(), partition.topic.c_str(),
                                                     number(partition.partition), &low, &high);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return std::nullopt;
    return Watermarks{Offset{std::max<std::int64_t>(low, 0)}, Offset{high}};
}

Outcome<int> Consumer::partition_count(const std::string& topic, milliseconds timeout) {
    const Handle<rd_kafka_topic_t, rd_kafka_topic_destroy> handle(
        rd_kafka_topic_new(state_->client.get(), topic.c_str(), nullptr));
    const rd_kafka_metadata_t* raw = nullptr;
    constexpr int this_topic_only = 0;
    const auto code = rd_kafka_metadata(state_->client.get(), this_topic_only, handle.get(), &raw,
                                        milliseconds_int(timeout));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return failure_of("asking for a topic", code);
    const Handle<const rd_kafka_metadata_t, rd_kafka_metadata_destroy> metadata(raw);
    if (metadata->topic_cnt != 1) return 0;
    const rd_kafka_metadata_topic_t& found = metadata->topics[0];
    if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return 0;
    if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return failure_of("asking for a topic", found.err);
    return found.partition_cnt;
}

// The order matters: a member thrown out forgets who it was in the very step that marks its
// assignment lost, so metadata read before a check that says "not lost" is that of a member.
Outcome<GroupMetadata> Consumer::group_metadata() const {
    auto* native = rd_kafka_consumer_group_metadata(state_->client.get());
    WEIR_ASSERT(native != nullptr, "only a member of a group has group metadata");
    GroupMetadata metadata(native);
    if (assignment_lost())
        return failure_of("proving group membership", RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST);
    return metadata;
}

bool Consumer::assignment_lost() const {
    return rd_kafka_assignment_lost(state_->client.get()) != 0;
}

GroupMetadata::GroupMetadata(Native* native)
    : native_(native, rd_kafka_consumer_group_metadata_destroy) {}

bool Consumer::reachable() const { return state_->reachability.reachable(); }

std::optional<Failure> Consumer::fatal() const { return fatal_failure(state_->client.get()); }

void Consumer::close() {
    State& state = *state_;
    if (state.closing) return;
    state.release();
    state.closing = true;
    for (const Rebalance& unanswered : state.rebalances)
        state.answer_closing(unanswered);
    state.rebalances.clear();
    state.queue.reset();  // or librdkafka would wait for it

    rd_kafka_t* const client = state.client.get();
    const QueueHandle farewell(rd_kafka_queue_new(client));
    const ErrorHandle refused(rd_kafka_consumer_close_queue(client, farewell.get()));
    const auto deadline = std::chrono::steady_clock::now() + close_timeout;
    while (rd_kafka_consumer_closed(client) == 0 && std::chrono::steady_clock::now() < deadline) {
        rd_kafka_message_t* message = nullptr;
        constexpr int wait_ms = 10;
        if (rd_kafka_consume_batch_queue(farewell.get(), wait_ms, &message, 1) == 1)
            rd_kafka_message_destroy(message);
    }
    const bool fragile = state.subscribed && state.incremental() && !state.assigned_once &&
                         !survives_destruction_before_assignment();
    // What is left of a topic deleted under its consumers keeps destruction waiting for ever
    // (confluentinc/librdkafka 4362).
    state.abandoned = rd_kafka_consumer_closed(client) == 0 || fragile || state.topic_gone;
    if (state.abandoned) {
        constexpr int silent = 0;
        rd_kafka_set_log_level(client, silent);  // it outlives our logger
    }
}

}  // namespace weir::kafka
