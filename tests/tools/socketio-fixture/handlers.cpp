// SPDX-License-Identifier: Apache-2.0
#include "handlers.hpp"

#include "socketio/json_text.hpp"
#include "socketio/session.hpp"

using namespace weir::socketio;

namespace socketio_fixture {
namespace {

class Echo : public SessionHandler {
public:
    explicit Echo(Session& session) : session_(session) {}
    void on_message(std::string_view data, bool binary) override {
        binary ? session_.send_binary(data) : session_.send_text(data);
    }
    void on_close(CloseReason) override {}

private:
    Session& session_;
};

/// Asks the client with an ack, and tells it what came of it.
void ask(Socket& socket, Event& event) {
    socket.emit_with_ack("question", event.args, [weak = socket.weak_from_this()](auto answer) {
        const auto alive = weak.lock();
        if (alive) alive->emit("answered", answer ? answer->args : "null");
    });
}

/// An event whose first argument, a string without escapes, is a room.
struct ForRoom {
    explicit ForRoom(const Event& event) {
        const auto list = "[" + std::string(event.args) + "]";
        const auto array = scan_json_array(list);
        if (array->first.size() > 1) room = array->first.substr(1, array->first.size() - 2);
        args = array->rest;
    }
    std::string room, args;
};

void add_room_handlers(Namespace& nsp) {
    nsp.on_event("join", [](Socket& socket, Event& event) {
        const auto joined = socket.join(ForRoom(event).room);
        if (event.ack) event.ack->send(joined.ok() ? "true" : "false");
    });
    nsp.on_event("quit", [](Socket& socket, Event& event) {
        socket.leave(ForRoom(event).room);
        if (event.ack) event.ack->send("true");
    });
    nsp.on_event("to", [&nsp](Socket&, Event& event) {
        const ForRoom wanted(event);
        nsp.to(wanted.room).emit("told", wanted.args, event.attachments);
    });
    nsp.on_event("except", [&nsp](Socket&, Event& event) {
        const ForRoom wanted(event);
        nsp.except(wanted.room).emit("told", wanted.args, event.attachments);
    });
    nsp.on_event("volatile-to", [&nsp](Socket&, Event& event) {
        const ForRoom wanted(event);
        nsp.to(wanted.room).emit_volatile("told", wanted.args);
    });
}

}  // namespace

std::unique_ptr<SessionHandler> echo(Session& session) { return std::make_unique<Echo>(session); }

void add_handlers(Namespace& nsp) {
    nsp.on_connect([](Socket& socket, std::string_view auth) { socket.emit("auth", auth); });
    nsp.on_event("message", [](Socket& socket, Event& event) {
        socket.emit("message-back", event.args, event.attachments);
    });
    nsp.on_event("message-with-ack", [](Socket&, Event& event) {
        if (event.ack) event.ack->send(event.args, event.attachments);
    });
    nsp.on_event("ask", ask);
    nsp.on_event("broadcast", [&nsp](Socket&, Event& event) {
        nsp.emit("broadcasted", event.args, event.attachments);
    });
    nsp.on_event("volatile",
                 [&nsp](Socket&, Event& event) { nsp.emit_volatile("volatiled", event.args); });
    add_room_handlers(nsp);
    nsp.on_event("leave",
                 [](Socket& socket, Event&) { socket.disconnect(Disconnect::this_namespace); });
    nsp.on_event("close",
                 [](Socket& socket, Event&) { socket.disconnect(Disconnect::whole_client); });
}

void refuse_all(Namespace& nsp) {
    nsp.on_admit(
        [](Joining&) { return Refusal{.message = "Members only", .data = R"({"code":7})"}; });
}

}  // namespace socketio_fixture
