# SPDX-License-Identifier: Apache-2.0
"""Goal: rooms do what they do in the reference implementation: an event for a room or for all but a
room comes to just those, once, and keeps its place among all other events. Method: raw packets to
socketio-fixture and to the reference, and a model of who is in which room."""

import random

import pytest
from socketio_wire import Polling, WebSocket

pytestmark = [pytest.mark.alone, pytest.mark.rules]  # a pong has to be there within 200 ms


def member(port, nsp=""):
    socket = WebSocket(port)
    socket.connect(nsp)
    return socket


def enter(socket, room, event="join"):
    socket.send(f'421["{event}","{room}"]')
    assert socket.receive() == "431[true]"


def fence(socket):
    """What the socket has got before the answer to an event of its own."""
    socket.send('42["message","fence"]')
    seen = []
    while (packet := socket.receive()) != '42["message-back","fence"]':
        seen.append(packet)
    return seen


def test_an_event_for_a_room_reaches_who_is_in_it(fixture_server):
    inside, outside, both = (member(fixture_server) for _ in range(3))
    enter(inside, "a")
    enter(both, "a")
    enter(both, "b")
    outside.send('42["to","a",1,{"x":"y"}]')
    outside.send('42["to","nobody",2]')
    assert fence(outside) == []
    assert fence(inside) == fence(both) == ['42["told",1,{"x":"y"}]']


def test_an_event_for_all_but_a_room_reaches_the_others(fixture_server):
    inside, outside = member(fixture_server), member(fixture_server)
    enter(inside, "a")
    outside.send('42["except","a",1]')
    outside.send('42["except","nobody",2]')
    assert fence(outside) == ['42["told",1]', '42["told",2]']
    assert fence(inside) == ['42["told",2]']


def test_a_room_belongs_to_its_namespace(fixture_server):
    here, there = member(fixture_server), member(fixture_server, "/custom")
    enter(here, "a")
    there.send('42/custom,1["join","a"]')
    assert there.receive() == '43/custom,1[true]'
    here.send('42["to","a",1]')
    assert fence(here) == ['42["told",1]']
    there.send('42/custom,["message","fence"]')
    assert there.receive() == '42/custom,["message-back","fence"]'


def test_who_leaves_a_room_or_the_namespace_is_out(fixture_server):
    leaver, goer, sender = (member(fixture_server) for _ in range(3))
    for socket in (leaver, goer):
        enter(socket, "a")
    sender.send('42["to","a",1]')
    assert fence(sender) == []
    enter_seen = fence(leaver)
    enter(leaver, "a", "quit")
    goer.send("41")
    goer.send("40")
    while not goer.receive().startswith('42["auth"'):
        pass
    sender.send('42["to","a",2]')
    sender.send('42["except","a",3]')
    assert fence(sender) == ['42["told",3]']
    assert enter_seen == ['42["told",1]']
    assert fence(leaver) == fence(goer) == ['42["told",3]']


def test_a_room_over_polling(fixture_server):
    session, sender = Polling(fixture_server), member(fixture_server)
    session.connect()
    session.post('42["join","a"]')
    sender.send('42["to","a",1]')
    assert session.packets_until('42["told"')[-1] == '42["told",1]'


def test_an_event_for_a_room_carries_attachments(fixture_server):
    inside, sender = member(fixture_server), member(fixture_server)
    enter(inside, "a")
    for event in ("to", "except"):
        room = "a" if event == "to" else "b"
        sender.send(f'451-["{event}","{room}",{{"_placeholder":true,"num":0}}]')
        sender.send(b"\x01\x02")
        assert inside.receive() == '451-["told",{"_placeholder":true,"num":0}]'
        assert inside.receive() == b"\x01\x02"


def test_a_volatile_event_for_a_room_reaches_who_is_ready(fixture_server):
    ready, absent = member(fixture_server), Polling(fixture_server)
    enter(ready, "a")
    absent.connect()
    absent.post('42["join","a"]')
    ready.send('42["volatile-to","a",1]')
    assert ready.receive() == '42["told",1]'
    ready.send('42["to","a",2]')
    assert absent.packets_until('42["told",2]') == ['42["told",2]']


def test_all_events_keep_their_order(fixture_server):
    """One client sends at random to all, to rooms, to all but a room and to itself, and moves the
    others about; each has got just its events in that order."""
    dice = random.Random(11)
    rooms = ["a", "b", "c"]
    sockets = [member(fixture_server) for _ in range(6)]
    sender, others = sockets[0], sockets[1:]
    inside = {socket: set() for socket in sockets}
    expected = {socket: [] for socket in sockets}
    seen = {socket: [] for socket in sockets}
    for number in range(600):
        room = dice.choice(rooms)
        what = dice.choice(["broadcast", "to", "except", "message"])
        if number % 15 == 0:
            for socket in sockets:  # the sender first: all it has sent is with the server then
                seen[socket] += fence(socket)
            socket = dice.choice(others)
            enter(socket, room, "quit" if room in inside[socket] else "join")
            inside[socket] ^= {room}
        if what in ("to", "except"):
            sender.send(f'42["{what}","{room}",{number}]')
            for socket in sockets:
                if (room in inside[socket]) == (what == "to"):
                    expected[socket].append(f'42["told",{number}]')
        elif what == "broadcast":
            sender.send(f'42["broadcast",{number}]')
            for socket in sockets:
                expected[socket].append(f'42["broadcasted",{number}]')
        else:
            sender.send(f'42["message",{number}]')
            expected[sender].append(f'42["message-back",{number}]')
    for socket in sockets:
        seen[socket] += fence(socket)
        assert seen[socket] == expected[socket]
