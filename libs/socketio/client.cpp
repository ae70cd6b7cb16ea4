// SPDX-License-Identifier: Apache-2.0
#include "socketio/client.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "json/extractor.hpp"
#include "net/digest.hpp"
#include "socketio/ack_table.hpp"
#include "socketio/base64.hpp"
#include "socketio/namespace.hpp"
#include "socketio/server_core.hpp"
#include "socketio/session.hpp"

namespace weir::socketio {
namespace {

constexpr std::size_t socket_id_bytes = 15;
constexpr std::size_t private_id_bytes = 18;
constexpr std::size_t private_id_chars = private_id_bytes / 3 * 4;

// A client may try this often over one connection.
constexpr int refusals_max = 10;

std::string_view unquoted(std::string_view name) {
    return name.starts_with('"') ? name.substr(1, name.size() - 2) : name;
}

/// Follows from the private id, so that a client keeps it wherever it comes back; the private one
/// does not follow from it.
std::string public_id(std::string_view private_id) {
    return id_of(net::sha256(private_id).substr(0, socket_id_bytes));
}

/// What a client that comes back has kept.
struct Past {
    std::string private_id, offset;
};

/// Of the JSON object of a CONNECT; nothing unless it has both, in the form we gave them.
std::optional<Past> past_of(std::string_view auth) {
    const auto text = [](const char* pointer) {
        return json::FieldSpec{.pointer = json::Pointer::member(pointer),
                               .type = json::FieldType::string,
                               .presence = json::Presence::optional};
    };
    json::Extractor extractor({text("pid"), text("offset")});
    if (!extractor.extract(auth)) return std::nullopt;
    const auto& id = extractor.fields()[0];
    const auto& offset = extractor.fields()[1];
    if (!id.present() || !offset.present() || !is_id(id.text, private_id_chars))
        return std::nullopt;
    return Past{std::string(id.text), std::string(offset.text)};
}

}  // namespace

Client::Client(ServerCore& server, Session& session) : server_(server), session_(session) {
    set_deadline(server_.options.connect_timeout, CloseReason::connect_timeout);
}

Client::~Client() = default;

void Client::set_deadline(std::chrono::milliseconds from_now, CloseReason reason) {
    deadline_ = std::make_unique<net::Timer>(server_.context);
    deadline_->expires_after(from_now);
    deadline_->async_wait([session = session_.weak_from_this(), timer = deadline_.get(), this,
                           reason](const net::ErrorCode& cancelled) {
        // The session owns this client; another deadline may have taken this one's place.
        const auto alive = session.lock();
        if (!cancelled && alive && alive->is_open() && deadline_.get() == timer)
            alive->close(reason);
    });
}

void Client::on_message(std::string_view data, bool binary) {
    binary ? on_binary(data) : on_text(data);
}

void Client::on_text(std::string_view text) {
    if (assembly_) return break_off();
    const PacketLimits limits{.attachments_max = server_.options.attachments_max};
    const auto packet = parse_packet(text, limits);
    if (!packet) return break_off();
    if (packet->attachments == 0) return on_packet(*packet, {});
    // What is kept must point into what is kept.
    assembly_ = std::make_unique<Assembly>();
    assembly_->text = text;
    assembly_->packet = *parse_packet(assembly_->text, limits);
    if (find(packet->nsp) == nullptr) return break_off();
    set_deadline(server_.options.attachments_timeout, CloseReason::protocol_error);
}

void Client::on_binary(std::string_view bytes) {
    if (!assembly_) return break_off();
    assembly_->bytes += bytes.size();
    if (assembly_->bytes > server_.options.attachments_bytes_max) return break_off();
    assembly_->attachments.emplace_back(bytes);
    if (assembly_->attachments.size() < assembly_->packet.attachments) return;
    const auto whole = std::move(assembly_);
    deadline_.reset();
    on_packet(whole->packet, whole->attachments);
}

void Client::on_packet(const Packet& packet, const Attachments& attachments) {
    if (packet.type == PacketType::connect) return on_connect(packet);
    const auto socket = find(packet.nsp);
    if (socket == nullptr) return break_off();
    switch (packet.type) {
        case PacketType::disconnect: return leave(*socket, CloseReason::client_close);
        case PacketType::event:
        case PacketType::binary_event: return on_event(socket, packet, attachments);
        case PacketType::ack:
        case PacketType::binary_ack: return on_ack(*socket, packet, attachments);
        case PacketType::connect:
        case PacketType::connect_error: return break_off();
    }
}

void Client::on_connect(const Packet& packet) {
    if (knows(packet.nsp)) return break_off();
    Namespace* nsp = server_.find(packet.nsp);
    if (nsp == nullptr) return refuse(packet.nsp, "Invalid namespace", {});
    if (sockets_.size() + returning_.size() >= server_.options.namespaces_max)
        return refuse(packet.nsp, "Too many namespaces", {});
    const std::string_view auth = packet.data.empty() ? "{}" : packet.data;
    Joining joining{.auth = auth, .remote_address = session_.remote_address()};
    if (nsp->admit_)
        if (const auto refusal = nsp->admit_(joining)) {
            refuse(packet.nsp, refusal->message, refusal->data);
            // To look at what it says may cost more than to say it.
            if (++refusals_ == refusals_max) break_off();
            return;
        }
    auto past = nsp->return_ ? past_of(auth) : std::nullopt;
    if (!past) return enter(*nsp, joining, random_id(private_id_bytes), nullptr);
    returning_.push_back(nsp);
    nsp->return_(joining, past->offset,
                 [this, session = session_.weak_from_this(), nsp, auth = std::string(auth),
                  data = joining.data, id = std::move(past->private_id)](ChunkPtr missed) {
                     const auto alive = session.lock();  // it owns this client
                     if (!alive || !alive->is_open() || std::erase(returning_, nsp) == 0) return;
                     const bool recovered = missed != nullptr;
                     Stats& stats = server_.engine->mutable_stats();
                     ++(recovered ? stats.recovered : stats.unrecovered);
                     enter(*nsp, {auth, alive->remote_address(), data},
                           recovered ? id : random_id(private_id_bytes), std::move(missed));
                 });
}

/// Joins the namespace. With `missed` as a client that comes back.
void Client::enter(Namespace& nsp, const Joining& joining, const std::string& private_id,
                   ChunkPtr missed) {
    auto socket =
        std::make_shared<Socket>(*this, session_, nsp, public_id(private_id), missed != nullptr);
    socket->data = joining.data;
    deadline_.reset();
    sockets_.push_back(socket);
    nsp.join(*socket);
    std::string data = R"({"sid":")" + socket->id() + '"';
    if (nsp.return_) data += R"(,"pid":")" + private_id + '"';
    data += '}';
    session_.send_text(
        encode_packet({.type = PacketType::connect, .nsp = nsp.name(), .data = data}));
    if (missed) session_.send(std::move(missed));
    if (nsp.connect_ && socket->connected()) nsp.connect_(*socket, joining.auth);
}

void Client::refuse(std::string_view nsp, std::string_view message, std::string_view data) {
    std::string reason = R"({"message":)" + json_quoted(message);
    if (!data.empty()) {
        reason += R"(,"data":)";
        reason += data;
    }
    reason += '}';
    session_.send_text(
        encode_packet({.type = PacketType::connect_error, .nsp = nsp, .data = reason}));
}

void Client::on_event(const std::shared_ptr<Socket>& socket, const Packet& packet,
                      const Attachments& attachments) {
    const std::string_view name = unquoted(packet.event);
    const auto& handlers = socket->nsp().events_;
    const auto handler = handlers.find(name);
    if (handler == handlers.end()) return;
    Event event{.name = name, .args = packet.args, .attachments = attachments, .ack = {}};
    if (packet.id) event.ack.emplace(socket, *packet.id);
    handler->second(*socket, event);
}

void Client::on_ack(Socket& socket, const Packet& packet, const Attachments& attachments) {
    if (!socket.acks_) return;
    const auto acks = socket.acks_;  // the handler may disconnect the socket
    acks->answer(*packet.id, Socket::Answer{packet.args, attachments});
}

std::shared_ptr<Socket> Client::find(std::string_view nsp) const {
    for (const auto& socket : sockets_)
        if (socket->nsp().name() == nsp) return socket;
    return nullptr;
}

bool Client::knows(std::string_view nsp) const {
    return find(nsp) != nullptr || std::ranges::any_of(returning_, [&](const Namespace* other) {
               return other->name() == nsp;
           });
}

void Client::leave(Socket& socket, CloseReason reason) {
    const auto left = socket.shared_from_this();
    std::erase(sockets_, left);
    socket.nsp().leave(socket);
    socket.detach();
    if (socket.nsp().disconnect_) socket.nsp().disconnect_(socket, reason);
}

void Client::close() { session_.close(CloseReason::server_close); }

void Client::hang_up() { session_.hang_up(); }

void Client::break_off() { session_.close(CloseReason::protocol_error); }

void Client::on_ready() {
    const auto sockets = sockets_;  // handlers may disconnect any
    for (const auto& socket : sockets)
        socket->nsp().settle(*socket);
}

void Client::on_close(CloseReason reason) {
    deadline_.reset();
    assembly_.reset();
    returning_.clear();
    while (!sockets_.empty())
        leave(*sockets_.back(), reason);
}

}  // namespace weir::socketio
