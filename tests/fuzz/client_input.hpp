// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "base/assert.hpp"
#include "input.hpp"
#include "net/asio.hpp"
#include "socketio/client.hpp"
#include "socketio/engine_core.hpp"
#include "socketio/json_text.hpp"
#include "socketio/namespace.hpp"
#include "socketio/server_core.hpp"
#include "socketio/session.hpp"

namespace weir::fuzz {

/// A client that sends any messages, text or binary, in any order, while the server broadcasts,
/// asks and disconnects.
///
/// The input: again and again a byte of what happens and a text that the client sends.
class ClientPlay {
public:
    ClientPlay()
        : engine_(std::make_shared<socketio::EngineCore>(context_, socketio::EngineOptions{},
                                                         socketio::Engine::Opener())),
          server_(std::make_shared<socketio::ServerCore>(
              context_, socketio::ServerOptions{.attachments_bytes_max = attachments_bytes_max,
                                                .acks_max = 4})),
          session_(std::make_shared<socketio::Session>(*engine_, "sid", "127.0.0.1")) {
        for (const char* name : {"/", "/n"}) {
            auto& nsp = server_->namespaces[name];
            nsp = std::make_unique<socketio::Namespace>(*server_, name);
            nsp->on_event("a", [this](socketio::Socket& socket, socketio::Event& event) {
                check(event.args, event.attachments);
                ++events;
                if (event.ack) event.ack->send(event.args, event.attachments);
                socket.emit("a", event.args, event.attachments);
            });
            nsp->on_event("ask", [this](socketio::Socket& socket, socketio::Event& event) {
                socket.emit_with_ack("ask", event.args, [this](auto answer) {
                    if (answer) check(answer->args, answer->attachments);
                });
            });
            nsp->on_event("leave", [](socketio::Socket& socket, socketio::Event&) {
                socket.disconnect(socketio::Disconnect::this_namespace);
            });
        }
        client_ = std::make_unique<socketio::Client>(*server_, *session_);
    }

    ~ClientPlay() {
        client_->on_close(socketio::CloseReason::transport_close);
        for (const auto& [name, nsp] : server_->namespaces)
            WEIR_ASSERT(nsp->size() == 0, "a client that is gone is in no namespace");
    }

    ClientPlay(const ClientPlay&) = delete;
    ClientPlay& operator=(const ClientPlay&) = delete;

    void step(unsigned what, std::string_view message) {
        if ((what & 2U) != 0) server_->namespaces["/n"]->emit("b", "1");
        if ((what & 4U) != 0) context_.poll();
        if (session_->is_open()) client_->on_message(message, (what & 1U) != 0);
        WEIR_ASSERT(server_->namespaces["/"]->size() <= 1, "a client is in a namespace once");
    }

    std::size_t events = 0;

private:
    static constexpr std::size_t attachments_bytes_max = 40;

    void check(std::string_view args, const socketio::Attachments& attachments) const {
        WEIR_ASSERT(socketio::is_json_list(args), "arguments are JSON");
        std::size_t bytes = 0;
        for (const std::string& attachment : attachments)
            bytes += attachment.size();
        WEIR_ASSERT(bytes <= attachments_bytes_max, "attachments are bounded together");
        const auto array = socketio::scan_json_array("[" + std::string(args) + "]");
        if (attachments.empty()) return;  // placeholders without attachments are only JSON
        WEIR_ASSERT(array->attachments && *array->attachments <= attachments.size(),
                    "every placeholder has its attachment");
    }

    net::asio::io_context context_;
    std::shared_ptr<socketio::EngineCore> engine_;
    std::shared_ptr<socketio::ServerCore> server_;
    std::shared_ptr<socketio::Session> session_;
    std::unique_ptr<socketio::Client> client_;
};

/// Returns how many events came to a handler.
inline std::size_t play_client(std::string_view bytes) {
    Input input(bytes);
    ClientPlay play;
    while (!input.empty()) {
        const unsigned what = input.byte();
        play.step(what, input.text());
    }
    return play.events;
}

}  // namespace weir::fuzz
