// SPDX-License-Identifier: Apache-2.0
// Goal: an event for a room reaches who is in it at that moment, one for all but a room everybody
// else, whatever else is under way, and nobody twice. Method: clients that join, leave, enter rooms
// and go at random, events of many sizes, and a model that counts the bytes each must have been
// sent.
#include <array>
#include <map>
#include <random>
#include <set>

#include "catch.hpp"
#include "http/server.hpp"
#include "net/asio.hpp"
#include "seed.hpp"
#include "socketio/client.hpp"
#include "socketio/engine.hpp"
#include "socketio/engine_core.hpp"
#include "socketio/namespace.hpp"
#include "socketio/server_core.hpp"
#include "socketio/session.hpp"

using namespace weir;
using namespace weir::socketio;

namespace {

/// A server without connections, whose clients' polls never come.
class Hall {
public:
    explicit Hall(ServerOptions options = {})
        : server(std::make_shared<ServerCore>(context, std::move(options))) {
        auto& slot = server->namespaces["/"];
        slot = std::make_unique<Namespace>(*server, "/");
        slot->on_connect([this](Socket& socket, std::string_view) { newest = &socket; });
        slot->on_ready(
            [this](Socket& socket, const Missed& part) { missed[&socket].push_back(part); });
        server->engine = std::make_unique<Engine>(context, http, EngineOptions{}, Engine::Opener());
    }

    Namespace& nsp() { return *server->namespaces["/"]; }
    void run() {
        context.restart();
        context.poll();
    }

    net::asio::io_context context;
    http::Server http{context, {}};
    std::shared_ptr<EngineCore> engine = std::make_shared<EngineCore>(
        context, EngineOptions{.queue_bytes_max = 100'000'000}, Engine::Opener());
    std::shared_ptr<ServerCore> server;
    Socket* newest = nullptr;
    std::map<const Socket*, std::vector<Missed>> missed;
};

/// One client that has joined `/`, and what it must have been sent since.
class Guest {
public:
    explicit Guest(Hall& hall)
        : session_(std::make_shared<Session>(*hall.engine, "sid", "127.0.0.1")),
          client_(std::make_unique<Client>(*hall.server, *session_)) {
        client_->on_message("0", false);
        socket = hall.newest;
        before_ = session_->queued_bytes();
    }
    ~Guest() { client_->on_close(CloseReason::transport_close); }
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

    std::size_t sent() const { return session_->queued_bytes() - before_; }

    Socket* socket;
    std::set<std::string> rooms;
    std::size_t expected = 0;

private:
    std::shared_ptr<Session> session_;
    std::unique_ptr<Client> client_;
    std::size_t before_ = 0;
};

}  // namespace

TEST_CASE("a room is there while somebody is in it", "[socketio]") {
    Hall hall;
    Guest first(hall);
    auto second = std::make_unique<Guest>(hall);
    CHECK(first.socket->join("a").ok());
    CHECK(first.socket->join("a").ok());  // once is enough
    CHECK(second->socket->join("a").ok());
    CHECK(second->socket->join("b").ok());
    CHECK(hall.nsp().rooms() == 2);
    CHECK(second->socket->is_in("b"));
    second.reset();
    CHECK(hall.nsp().rooms() == 1);
    CHECK_FALSE(first.socket->is_in("b"));
    first.socket->leave("b");
    first.socket->leave("a");
    CHECK(hall.nsp().rooms() == 0);
}

TEST_CASE("rooms are bounded", "[socketio]") {
    Hall hall({.rooms_max = 2, .room_name_bytes_max = 3});
    Guest guest(hall);
    CHECK(guest.socket->join("abcd").error().message ==
          "expected a room's name of at most 3 bytes, got 4");
    CHECK(guest.socket->join("abc").ok());
    CHECK(guest.socket->join("").ok());
    CHECK(guest.socket->join("x").error().message == "a socket may be in at most 2 rooms");
    CHECK(guest.socket->join("abc").ok());
    guest.socket->leave("abc");
    CHECK(guest.socket->join("x").ok());
}

TEST_CASE("who passes over an event for others does not cut the log for them", "[socketio]") {
    Hall hall;
    Guest apart(hall);
    const Guest other(hall);
    REQUIRE(apart.socket->join("apart").ok());
    hall.run();
    const auto packets = [&] { return hall.engine->stats().packets_out.load(); };
    const auto before = packets();
    for (int i = 0; i < 100; ++i) {
        hall.nsp().except("apart").emit("e", "1");
        hall.nsp().to("apart").emit("e", "1");
    }
    CHECK(packets() == before + 100);  // the log waits for its round
    hall.run();
    CHECK(packets() == before + 200);
    CHECK(apart.sent() == other.sent());
}

TEST_CASE("every event reaches just those it is for", "[socketio][random]") {
    auto dice = weir::test::random_engine();
    const std::array<std::string, 3> names{"a", "b", "a longer name of a room, kept elsewhere"};
    Hall hall;
    std::vector<std::unique_ptr<Guest>> guests;
    int wrong = 0;
    const auto check = [&](const Guest& guest) { wrong += guest.sent() == guest.expected ? 0 : 1; };
    const auto emit = [&](const auto& send, const auto& is_for) {
        const std::string args(dice() % 300, '1');
        send(args);
        const std::size_t bytes = hall.nsp().encode("e", args)->frames().size();
        for (const auto& guest : guests)
            if (is_for(*guest)) guest->expected += bytes;
    };
    for (int step = 0; step < 20'000; ++step) {
        const std::string& name = names[dice() % names.size()];
        Guest* const guest = guests.empty() ? nullptr : guests[dice() % guests.size()].get();
        switch (dice() % 9) {
            case 0:
                if (guests.size() < 12) guests.push_back(std::make_unique<Guest>(hall));
                break;
            case 1:
                if (guests.empty() || dice() % 4 != 0) break;
                hall.run();
                check(*guests.front());
                std::swap(guests.front(), guests[dice() % guests.size()]);
                guests.erase(guests.begin());
                break;
            case 2:
                if (guest == nullptr) break;
                CHECK(guest->socket->join(name).ok());
                guest->rooms.insert(name);
                break;
            case 3:
                if (guest == nullptr) break;
                guest->socket->leave(name);
                guest->rooms.erase(name);
                break;
            case 4:
                emit([&](const auto& args) { hall.nsp().emit("e", args); },
                     [](const Guest&) { return true; });
                break;
            case 5:
                emit([&](const auto& args) { hall.nsp().to(name).emit("e", args); },
                     [&](const Guest& other) { return other.rooms.contains(name); });
                break;
            case 6:
                emit([&](const auto& args) { hall.nsp().except(name).emit("e", args); },
                     [&](const Guest& other) { return !other.rooms.contains(name); });
                break;
            case 7:
                if (guest == nullptr) break;
                emit([&](const auto& args) { guest->socket->emit("e", args); },
                     [&](const Guest& other) { return &other == guest; });
                break;
            default:
                if (dice() % 4 == 0) hall.run();
        }
        for (const auto& other : guests)
            wrong += other->rooms.contains(name) == other->socket->is_in(name) ? 0 : 1;
    }
    hall.run();
    for (const auto& guest : guests)
        check(*guest);
    CHECK(wrong == 0);
}

TEST_CASE("what a socket did without is counted by stream", "[socketio]") {
    Hall hall;
    Guest inside(hall);
    const Guest outside(hall);
    REQUIRE(inside.socket->join("a").ok());
    hall.nsp().emit_volatile("e", "1");
    hall.nsp().to("a").emit_volatile("e", "2", 7);
    hall.nsp().except("a").emit_volatile("e", "3", 7);
    hall.nsp().emit_volatile("e", "4", 7);
    hall.nsp().emit_volatile("e", "5");
    CHECK(hall.missed.empty());
    hall.nsp().settle(*inside.socket);
    hall.nsp().settle(*outside.socket);
    hall.nsp().settle(*outside.socket);  // it is told once
    const auto text = [&](const Guest& guest) {
        std::string all;
        for (const Missed& part : hall.missed[guest.socket])
            all += std::to_string(part.stream) + ':' + std::to_string(part.first) + 'x' +
                   std::to_string(part.count) + ' ';
        return all;
    };
    CHECK(text(inside) == "0:1x2 7:2x2 ");
    CHECK(text(outside) == "0:1x2 7:3x2 ");
    CHECK(inside.sent() == 0);
    hall.missed.clear();
    CHECK(hall.nsp().emit_volatile("e", "6", 7) == 6);
    hall.nsp().settle(*inside.socket);
    CHECK(text(inside) == "7:6x1 ");
}
