# SPDX-License-Identifier: Apache-2.0
"""Goal: the server keeps every rule of the Socket.IO protocol, revision 5, that a client can see.
Method: raw packets to socketio-fixture (namespaces / and /custom; connect timeout 1 s; acks and
attachments are waited for 500 ms)."""

import json
import time

import pytest
from socketio_wire import Polling, WebSocket, elapsed

# A pong has to be there within 200 ms.
pytestmark = [pytest.mark.alone, pytest.mark.rules]
INVALID = '{"message":"Invalid namespace"}'
PLACEHOLDER = '{"_placeholder":true,"num":%d}'


@pytest.fixture
def socket(fixture_server):
    """A WebSocket that has joined /."""
    connected = WebSocket(fixture_server)
    assert connected.connect() == '42["auth",{}]'
    return connected


@pytest.fixture
def newcomer(fixture_server):
    """A WebSocket that has joined nothing yet."""
    opened = WebSocket(fixture_server)
    opened.open_packet()
    return opened


def echoes(socket):
    socket.send('42["message",1]')
    return socket.receive() == '42["message-back",1]'


# CONNECT


def test_connecting_gives_an_id_that_is_not_the_sessions(fixture_server):
    socket = WebSocket(fixture_server)
    sid = socket.open_packet()["sid"]
    socket.send("40")
    answer = socket.receive()
    assert answer.startswith("40{")
    reply = json.loads(answer[2:])
    assert list(reply) == ["sid"]
    assert reply["sid"] != sid
    assert socket.receive() == '42["auth",{}]'


@pytest.mark.parametrize("nsp", ["", "/custom"])
def test_the_auth_payload_is_passed_on(newcomer, nsp):
    comma = "," if nsp else ""
    newcomer.send(f'40{nsp}{comma}{{"token":"12,3","n":1.50}}')
    assert newcomer.receive().startswith(f"40{nsp}{comma}{{")
    assert newcomer.receive() == f'42{nsp}{comma}["auth",{{"token":"12,3","n":1.50}}]'


@pytest.mark.parametrize("packet", ["40/custom", "40/custom,", "40/custom,{}"])
def test_a_custom_namespace_is_joined(newcomer, packet):
    newcomer.send(packet)
    assert newcomer.receive().startswith('40/custom,{"sid":"')
    assert newcomer.receive() == '42/custom,["auth",{}]'
    newcomer.send('42/custom,["message","a"]')
    assert newcomer.receive() == '42/custom,["message-back","a"]'


def test_an_unknown_namespace_is_refused_and_the_connection_stays(newcomer):
    newcomer.send('40/random,{"a":1}')
    assert newcomer.receive() == "44/random," + INVALID
    assert newcomer.connect() == '42["auth",{}]'
    assert echoes(newcomer)


def test_a_refusal_has_its_message_and_data_and_the_connection_stays(newcomer):
    newcomer.send('40/members,{"token":"x"}')
    assert newcomer.receive() == '44/members,{"message":"Members only","data":{"code":7}}'
    newcomer.connect()
    assert echoes(newcomer)


def test_connecting_twice_to_one_namespace_ends_it(socket):
    socket.send("40")
    assert socket.closed() == 1005


@pytest.mark.parametrize("payload", ["[]", '"x"', "-1", "null", "{", "{}x"])
def test_an_auth_payload_that_is_no_object_ends_it(newcomer, payload):
    newcomer.send("40" + payload)
    assert newcomer.closed() == 1005


@pytest.mark.parametrize("first", [None, "40/random"])
def test_joining_nothing_in_time_ends_it(newcomer, first):
    began = time.monotonic()
    if first:
        newcomer.send(first)
        newcomer.receive()
    newcomer.raw.settimeout(3)
    while True:
        opcode, payload = newcomer.frame()
        if payload == b"2":
            newcomer.send("3")
        else:
            assert (opcode, payload) == (8, b"")
            break
    assert 0.8 <= elapsed(began) < 1.5


@pytest.mark.parametrize("packet", [
    '42["message"]', '42/custom,["message"]', "41", "41/custom,", "431[]",
    '451-["x",' + PLACEHOLDER % 0 + "]"])
def test_packets_for_a_namespace_not_joined_end_it(newcomer, packet):
    newcomer.send(packet)
    assert newcomer.closed() == 1005


# DISCONNECT


@pytest.mark.parametrize("packet", ["41", "41/custom", "41/custom,"])
def test_leaving_one_namespace_leaves_the_others(socket, packet):
    socket.connect("/custom")
    socket.send(packet)
    other = "/custom," if packet == "41" else ""
    socket.send(f'42{other}["message","here"]')
    assert socket.receive() == f'42{other}["message-back","here"]'
    gone = "" if packet == "41" else "/custom,"
    socket.send(f'42{gone}["message"]')
    assert socket.closed() == 1005


def test_the_server_may_take_a_client_out_of_a_namespace(socket):
    socket.connect("/custom")
    socket.send('42/custom,["leave"]')
    assert socket.receive() == "41/custom,"
    assert echoes(socket)


def test_the_server_may_disconnect_a_client(socket):
    socket.send('42["close"]')
    assert socket.receive() == "41"
    assert socket.closed() == 1005


def test_a_disconnected_client_over_polling_is_told_why_first(fixture_server):
    session = Polling(fixture_server)
    session.connect()
    session.post('42["close"]')
    assert session.packets() == ["41"]
    assert session.packets() == ["1"]
    assert not session.is_known()


# EVENT and ACK


@pytest.mark.parametrize("args", [
    "", '1,"2",{"3":[true]}', '"€😀","\\u20ac"', "1.50,1e400,-0,12345678901234567890",
    "null,[[]],{}"])
def test_arguments_come_back_as_they_are(socket, args):
    comma = "," if args else ""
    socket.send(f'42["message"{comma}{args}]')
    assert socket.receive() == f'42["message-back"{comma}{args}]'
    socket.send(f'42456["message-with-ack"{comma}{args}]')
    assert socket.receive() == f"43456[{args}]"


def test_events_nobody_handles_are_ignored(socket):
    socket.send('42["nobody"]')
    socket.send("42[5]")
    socket.send('4212["nobody"]')
    assert echoes(socket)


@pytest.mark.parametrize("packet", [
    "4", "4abc", "47", "42", "42{}", "42[]", "42[{}]", "42[null]", '42["a"', '42["a"]x', "42[nul]",
    '42["connect"]', '42["connect_error"]', '42["disconnect"]', '42["disconnecting"]',
    '42["newListener"]', '42["removeListener"]', '42abc["message-with-ack"]', '42-1["message"]',
    '41{}', "43", "43[]", '44{"message":"x"}', '42["\x01"]', "42" + "[" * 100_000])
def test_a_malformed_packet_ends_it(socket, packet):
    socket.send(packet)
    assert socket.closed() == 1005


def question(socket, args=""):
    """The id under which the server asks."""
    packet = socket.receive()
    asked = packet[2:packet.index("[")]
    assert asked.isdigit() and packet == f'42{asked}["question"{args}]'
    return asked


def test_the_server_may_ask_for_an_ack(socket):
    socket.send('42["ask",1,{"a":2}]')
    asked = question(socket, ',1,{"a":2}')
    socket.send(f'43{asked}["yes",3]')
    assert socket.receive() == '42["answered","yes",3]'
    socket.send(f'43{asked}["again"]')  # once only
    socket.send('43999999["never asked"]')
    assert echoes(socket)


def test_an_ack_that_does_not_come_is_given_up(socket):
    began = time.monotonic()
    socket.send('42["ask"]')
    asked = question(socket)
    assert socket.receive() == '42["answered",null]'
    assert 0.5 <= elapsed(began) < 0.8
    socket.send(f'43{asked}["late"]')
    assert echoes(socket)


def test_only_so_many_acks_are_waited_for_at_once(socket):
    for number in range(101):
        socket.send(f'42["ask",{number}]')
    for number in range(100):
        question(socket, f",{number}")
    assert socket.receive() == '42["answered",null]'  # the one too many is not asked


# Binary


def test_attachments_come_back(socket):
    args = f'{PLACEHOLDER % 0},"x",{{"deep":[{PLACEHOLDER % 1}]}}'
    for ask, back in ((f'452-["message",{args}]', f'452-["message-back",{args}]'),
                      (f'452-789["message-with-ack",{args}]', f"462-789[{args}]")):
        socket.send(ask)
        socket.send(b"\x01\x02\x03")
        socket.send(b"")
        assert [socket.receive() for _ in range(3)] == [back, b"\x01\x02\x03", b""]


def test_attachments_come_back_over_polling(fixture_server):
    session = Polling(fixture_server)
    session.connect("/custom")
    args = PLACEHOLDER % 0
    session.post(f'451-/custom,["message",{args}]\x1ebAQID')
    assert session.packets_until("bAQID") == [f'451-/custom,["message-back",{args}]', "bAQID"]


@pytest.mark.parametrize("messages", [
    ['450-["message"]'],
    ['4511-["message"]'],
    ['45["message"]'],
    ['451-["message",' + PLACEHOLDER % 1 + "]", b"\x01"],
    ['451-["message",' + PLACEHOLDER % -1 + "]", b"\x01"],
    ['451-["message",{"_placeholder":true,"num":"0"}]', b"\x01"],
    ['451-["message",{"_placeholder":true}]', b"\x01"],
    ['451-["message",' + PLACEHOLDER % 0 + "]", '42["message"]'],
    [b"\x01"],
    ['461-["x"]'],
])
def test_attachments_that_do_not_fit_end_it(socket, messages):
    for message in messages:
        socket.send(message)
    assert socket.closed() == 1005


def test_attachments_must_come_in_time(socket):
    socket.send('451-["message",' + PLACEHOLDER % 0 + "]")
    began = time.monotonic()
    assert socket.closed() == 1005
    assert 0.3 <= elapsed(began) < 0.8


def test_attachments_are_bounded_together(socket):
    args = ",".join(PLACEHOLDER % n for n in range(5))
    socket.send(f'455-["message",{args}]')
    for _ in range(5):
        socket.send(bytes(900_000))
    assert socket.closed() == 1005


# To all


def test_a_broadcast_reaches_every_member_in_order_and_nobody_else(fixture_server):
    members = [WebSocket(fixture_server) for _ in range(5)]
    for member in members:
        member.connect()
    stranger = WebSocket(fixture_server)
    stranger.connect("/custom")
    poller = Polling(fixture_server)
    poller.connect()
    for number in range(20):
        members[0].send(f'42["broadcast",{number}]')
    members[0].send('42["message","last"]')
    expected = [f'42["broadcasted",{number}]' for number in range(20)]
    assert [members[0].receive() for _ in range(21)] == expected + ['42["message-back","last"]']
    for member in members[1:]:
        assert [member.receive() for _ in range(20)] == expected
    assert poller.packets_until(expected[-1]) == expected
    stranger.send('42/custom,["message"]')
    assert stranger.receive() == '42/custom,["message-back"]'


def test_a_broadcast_and_an_event_for_one_keep_their_order(socket):
    for number in range(50):
        socket.send(f'42["broadcast",{number}]')
        socket.send(f'42["message",{number}]')
    for number in range(50):
        assert socket.receive() == f'42["broadcasted",{number}]'
        assert socket.receive() == f'42["message-back",{number}]'


def test_a_broadcast_carries_attachments(fixture_server):
    members = [WebSocket(fixture_server) for _ in range(2)]
    for member in members:
        member.connect()
    members[0].send(f'451-["broadcast",{PLACEHOLDER % 0}]')
    members[0].send(b"\xff")
    for member in members:
        assert member.receive() == f'451-["broadcasted",{PLACEHOLDER % 0}]'
        assert member.receive() == b"\xff"


def test_a_volatile_event_reaches_only_who_is_ready(fixture_server):
    ready = WebSocket(fixture_server)
    ready.connect()
    absent = Polling(fixture_server)
    absent.connect()
    ready.send('42["volatile",1]')
    assert ready.receive() == '42["volatiled",1]'
    ready.send('42["broadcast",2]')
    assert absent.packets_until('42["broadcasted",2]') == ['42["broadcasted",2]']
    waiting = absent.start_get()
    time.sleep(0.02)
    ready.send('42["volatile",3]')
    assert b'42["volatiled",3]' in waiting.recv(4096)


# Upgrade


def test_events_keep_their_order_across_an_upgrade(fixture_server):
    session = Polling(fixture_server)
    session.connect()
    session.post("\x1e".join(f'42["message",{n}]' for n in range(3)))
    socket = WebSocket(fixture_server,
                       query=f"EIO=4&transport=websocket&sid={session.sid}")
    socket.send("2probe")
    assert socket.receive() == "3probe"
    session.post("\x1e".join(f'42["message",{n}]' for n in range(3, 6)))
    socket.send("5")
    socket.send('42["message",6]')
    assert [socket.receive() for _ in range(7)] == [f'42["message-back",{n}]' for n in range(7)]


def test_a_client_disconnected_in_mid_upgrade_is_told_why(fixture_server):
    session = Polling(fixture_server)
    session.connect()
    socket = WebSocket(fixture_server,
                       query=f"EIO=4&transport=websocket&sid={session.sid}")
    socket.send("2probe")
    assert socket.receive() == "3probe"
    session.post('42["close"]')
    socket.send("5")
    assert socket.receive() == "41"
    assert socket.closed() == 1005
    assert not session.is_known()


def test_a_protocol_error_over_polling_ends_the_session(fixture_server):
    session = Polling(fixture_server)
    session.connect()
    session.post("4abc")
    assert session.packets()[-1] == "1"
    assert session.get().json() == {"code": 1, "message": "Session ID unknown"}
