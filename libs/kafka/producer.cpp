// SPDX-License-Identifier: Apache-2.0
#include "kafka/producer.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

#include "kafka/client.hpp"

namespace weir::kafka {

using std::chrono::milliseconds;

struct Producer::State {
    State(std::string client_id, DeliveryHandler on_delivery)
        : reachability(std::move(client_id)), handler(std::move(on_delivery)) {}

    void answer(const rd_kafka_message_t& message) const;

    Reachability reachability;
    ClientCallbacks callbacks{&reachability, this};
    DeliveryHandler handler;
    Handle<rd_kafka_t, rd_kafka_destroy> client;
    std::vector<Handle<rd_kafka_topic_t, rd_kafka_topic_destroy>> topics;
    bool closed = false;
};

// The token rides in librdkafka's opaque pointer.
static_assert(sizeof(void*) >= sizeof(std::uint64_t));

void Producer::State::answer(const rd_kafka_message_t& message) const {
    if (!handler) return;
    Delivery delivery{.token = reinterpret_cast<std::uint64_t>(message._private)};
    delivery.key = {static_cast<const char*>(message.key), message.key_len};
    delivery.value = {static_cast<const char*>(message.payload), message.len};
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        delivery.delivered = true;
        delivery.partition = Partition{message.partition};
        delivery.offset = Offset{message.offset};
        handler(delivery);
        return;
    }
    delivery.topic = rd_kafka_topic_name(message.rkt);
    const Failure failure =
        failure_of(fmt::format("writing to topic {}", delivery.topic), message.err);
    delivery.failure = &failure;
    const std::vector<Header> headers = RecordView{.native = &message}.headers();
    delivery.headers = headers;
    handler(delivery);
}

Outcome<Producer> Producer::open(const Options& options, const ProducerSettings& settings,
                                 DeliveryHandler handler) {
    auto state = std::make_unique<State>(settings.client_id, std::move(handler));
    ClientConf conf(options, settings.client_id, state->callbacks);
    conf.preset("partitioner", "murmur2_random");
    conf.preset("linger.ms", std::to_string(settings.linger.count()));
    conf.preset("queue.buffering.max.messages", std::to_string(settings.queue_records_max));
    conf.preset("queue.buffering.max.kbytes", std::to_string(settings.queue_bytes_max.count >> 10));
    conf.fix("enable.idempotence", "true");
    conf.fix("acks", "all");
    conf.fix("message.timeout.ms", std::to_string(settings.message_timeout.count()));
    if (!settings.transactional_id.empty()) {
        conf.fix("transactional.id", settings.transactional_id);
        conf.fix("transaction.timeout.ms", std::to_string(settings.transaction_timeout.count()));
    }
    rd_kafka_conf_set_dr_msg_cb(conf.native(),
                                [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
                                    auto* callbacks = static_cast<ClientCallbacks*>(opaque);
                                    static_cast<State*>(callbacks->owner)->answer(*message);
                                });
    auto client = conf.create(RD_KAFKA_PRODUCER);
    if (!client) return client.error();
    state->client.reset(*client);
    for (const std::string& topic : settings.topics)
        state->topics.emplace_back(rd_kafka_topic_new(*client, topic.c_str(), nullptr));
    return Producer(std::move(state));
}

Producer::Producer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Producer::Producer(Producer&&) noexcept = default;
Producer& Producer::operator=(Producer&&) noexcept = default;

Producer::~Producer() {
    if (!state_ || state_->closed) return;
    state_->handler = {};
    close(milliseconds{0});
}

rd_kafka_s* Producer::native() const { return state_->client.get(); }

Result<void, SendError> Producer::send(const OutgoingRecord& record) {
    constexpr std::size_t fields_max = 8;
    std::array<rd_kafka_vu_t, fields_max> fields;  // the count of those in use is passed along
    std::size_t count = 0;
    const auto field = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
        fields[count].vtype = type;
        return fields[count++];
    };
    const auto memory = [&](rd_kafka_vtype_t type, std::string_view bytes) {
        rd_kafka_vu_t& target = field(type);
        target.u.mem.ptr = const_cast<char*>(bytes.data());  // copied, see MSG_F_COPY
        target.u.mem.size = bytes.size();
    };

    const std::string topic(record.topic);
    field(RD_KAFKA_VTYPE_TOPIC).u.cstr = topic.c_str();
    field(RD_KAFKA_VTYPE_MSGFLAGS).u.i = RD_KAFKA_MSG_F_COPY;
    if (record.value.data() != nullptr) memory(RD_KAFKA_VTYPE_VALUE, record.value);
    if (record.key.data() != nullptr) memory(RD_KAFKA_VTYPE_KEY, record.key);
    if (record.partition) field(RD_KAFKA_VTYPE_PARTITION).u.i32 = number(*record.partition);
    field(RD_KAFKA_VTYPE_TIMESTAMP).u.i64 = record.timestamp_ms;
    field(RD_KAFKA_VTYPE_OPAQUE).u.ptr = reinterpret_cast<void*>(record.token);

    Handle<rd_kafka_headers_t, rd_kafka_headers_destroy> headers;
    if (!record.headers.empty()) {
        headers.reset(rd_kafka_headers_new(record.headers.size()));
        for (const auto& [name, value] : record.headers)
            rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()),
                                value.data(), static_cast<ssize_t>(value.size()));
        field(RD_KAFKA_VTYPE_HEADERS).u.headers = headers.get();
    }

    const ErrorHandle error(rd_kafka_produceva(native(), fields.data(), count));
    if (error == nullptr) {
        static_cast<void>(headers.release());  // now the record's
        return {};
    }
    switch (rd_kafka_error_code(error.get())) {
        case RD_KAFKA_RESP_ERR__QUEUE_FULL: return SendError::queue_full;
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: return SendError::too_large;
        default: return SendError::refused;
    }
}

int Producer::poll(milliseconds timeout) {
    return rd_kafka_poll(native(), milliseconds_int(timeout));
}

bool Producer::flush(milliseconds timeout) {
    return rd_kafka_flush(native(), milliseconds_int(timeout)) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

void Producer::close(milliseconds timeout) {
    if (state_->closed) return;
    if (!flush(timeout)) {
        rd_kafka_purge(native(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        // Purged records are answered by poll(); the bound is only against a bug in there.
        constexpr int rounds_max = 100;
        for (int i = 0; i < rounds_max && queue_depth() > 0; ++i)
            poll(milliseconds{10});
    }
    state_->closed = true;
}

std::size_t Producer::queue_depth() const {
    return static_cast<std::size_t>(rd_kafka_outq_len(native()));
}

bool Producer::reachable() const { return state_->reachability.reachable(); }

std::optional<Failure> Producer::fatal() const { return fatal_failure(native()); }

}  // namespace weir::kafka
