// SPDX-License-Identifier: Apache-2.0
#include "handlers.hpp"

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
    nsp.on_event("leave",
                 [](Socket& socket, Event&) { socket.disconnect(Disconnect::this_namespace); });
    nsp.on_event("close",
                 [](Socket& socket, Event&) { socket.disconnect(Disconnect::whole_client); });
}

void refuse_all(Namespace& nsp) {
    nsp.on_admit([](const Socket&, std::string_view) {
        return Refusal{.message = "Members only", .data = R"({"code":7})"};
    });
}

}  // namespace socketio_fixture
