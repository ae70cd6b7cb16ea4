# SPDX-License-Identifier: Apache-2.0
"""Goal: WebSockets, and the upgrade from long-polling to them, keep the rules of RFC 6455 and the
Engine.IO protocol, revision 4. Method: as in test_engine_io.py; the upgrade timeout is 400 ms."""

import time

import pytest
from socketio_wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT
from socketio_wire import Polling, WebSocket, answer_of, elapsed, request, start

# A pong has to be there within 200 ms.
pytestmark = [pytest.mark.alone, pytest.mark.rules]
PATH = "/engine.io/"


def polling(port):
    return Polling(port, PATH)


def websocket(port, query="EIO=4&transport=websocket", **more):
    return WebSocket(port, PATH, query, **more)


def probe(session):
    """A WebSocket that wants to take a polling session over."""
    return websocket(session.port, f"EIO=4&transport=websocket&sid={session.sid}")


def upgraded(session):
    socket = probe(session)
    socket.send("2probe")
    assert socket.receive() == "3probe"
    socket.send("5")
    assert socket.is_open()
    return socket


# WebSocket


def test_texts_and_bytes_come_back(fixture_server):
    socket = websocket(fixture_server)
    socket.open_packet()
    socket.send("4hello €")
    assert socket.receive() == "4hello €"
    socket.send(b"\x00\x01\xff")
    assert socket.receive() == b"\x00\x01\xff"
    socket.send(b"")
    assert socket.receive() == b""
    big = "4" + "x" * 999_999
    socket.send(big)
    assert socket.receive() == big


def test_a_message_above_the_limit_closes_with_1009(fixture_server):
    socket = websocket(fixture_server)
    socket.send("4" + "x" * 1_000_000)
    assert socket.closed() == 1009


@pytest.mark.parametrize("message", ["abc", "7", "", "2x"])
def test_a_bad_packet_closes_without_a_code(fixture_server, message):
    socket = websocket(fixture_server)
    socket.open_packet()
    socket.send(message)
    assert socket.closed() == 1005


def test_a_close_packet_closes_at_once(fixture_server):
    socket = websocket(fixture_server)
    sid = socket.open_packet()["sid"]
    socket.send("1")
    assert socket.closed() == 1005
    assert request(fixture_server, f"{PATH}?EIO=4&transport=polling&sid={sid}").json()["code"] == 1


@pytest.mark.parametrize("frames, code", [
    ([(TEXT, b"4a", {"masked": False})], 1002),
    ([(TEXT, b"4a", {"reserved": 0x40})], 1002),
    ([(3, b"", {})], 1002),
    ([(CONTINUATION, b"x", {})], 1002),
    ([(TEXT, b"4a", {"final": False}), (TEXT, b"4b", {})], 1002),
    ([(PING, b"", {"final": False})], 1002),
    ([(PING, b"x" * 126, {})], 1002),
    ([(CLOSE, b"\x03", {})], 1002),
    ([(TEXT, b"4\xff\xfe", {})], 1007),
])
def test_frames_that_break_the_rules_close_with_their_code(fixture_server, frames, code):
    socket = websocket(fixture_server)
    socket.open_packet()
    for opcode, payload, more in frames:
        socket.send_frame(opcode, payload, **more)
    assert socket.closed() == code


def test_fragments_are_joined_and_pings_between_them_answered(fixture_server):
    socket = websocket(fixture_server)
    socket.open_packet()
    socket.send_frame(TEXT, b"4on", final=False)
    socket.send_frame(PING, b"?")
    assert socket.frame() == (PONG, b"?")
    socket.send_frame(CONTINUATION, b"e")
    assert socket.receive() == "4one"
    socket.send_frame(BINARY, b"\x01", final=False)
    socket.send_frame(CONTINUATION, b"\x02")
    assert socket.receive() == b"\x01\x02"


def test_a_close_frame_is_answered(fixture_server):
    socket = websocket(fixture_server)
    socket.open_packet()
    socket.send_frame(CLOSE, b"\x03\xe8")
    assert socket.closed() == 1000


def test_frames_right_behind_the_request_are_read(fixture_server):
    socket = WebSocket.__new__(WebSocket)
    socket.raw = start(fixture_server, f"{PATH}?EIO=4&transport=websocket", headers={
        "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="},
        behind=b"\x81\x82\x00\x00\x00\x004a")
    socket.buffer = b""
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in socket._until(b"\r\n\r\n")
    socket.open_packet()
    socket.send("4b")
    assert socket.receive() == "4a"


@pytest.mark.parametrize("name, value", [
    ("Sec-WebSocket-Version", "8"), ("Sec-WebSocket-Key", "short"), ("Sec-WebSocket-Key", None)])
def test_a_broken_websocket_handshake_is_refused(fixture_server, name, value):
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", name: value}
    raw = start(fixture_server, f"{PATH}?EIO=4&transport=websocket",
                headers={k: v for k, v in headers.items() if v})
    assert answer_of(raw).status == 400


# Upgrade


def test_an_upgrade_keeps_every_message(fixture_server):
    session = polling(fixture_server)
    socket = probe(session)
    assert socket.status == 101
    session.post("4before")
    socket.send("2probe")
    assert socket.receive() == "3probe"
    session.post("4between")
    socket.send("5")
    assert socket.receive() == "4before"
    assert socket.receive() == "4between"
    socket.send("4after")
    assert socket.receive() == "4after"
    for answer in (session.get(), session.post("4x")):
        assert (answer.status, answer.json()["code"]) == (400, 3)


def test_a_waiting_poll_is_released_for_the_upgrade(fixture_server):
    session = polling(fixture_server)
    waiting = session.start_get()
    time.sleep(0.02)
    socket = probe(session)
    began = time.monotonic()
    socket.send("2probe")
    assert socket.receive() == "3probe"
    assert answer_of(waiting).text == "6"
    assert session.packets() == ["6"]
    assert elapsed(began) < 0.4  # at once, or within 100 ms each


def test_heartbeats_go_on_after_an_upgrade(fixture_server):
    socket = upgraded(polling(fixture_server))
    for _ in range(3):
        assert socket.receive(pings=True) == "2"
        socket.send("3")


def test_an_upgraded_session_still_ends_without_a_pong(fixture_server):
    socket = upgraded(polling(fixture_server))
    began = time.monotonic()
    socket.closed(pongs=False)
    assert elapsed(began) < 1


def test_an_upgrade_gives_a_pong_that_is_due_more_time(fixture_server):
    began = time.monotonic()
    session = polling(fixture_server)
    assert session.packets() == ["2"]
    time.sleep(0.12)
    socket = upgraded(session)
    time.sleep(max(0, 0.55 - elapsed(began)))  # it was due after 500 ms
    socket.send("3")
    assert socket.receive(pings=True) == "2"


@pytest.mark.parametrize("first", ["5", "4x", "2", "2prob", b"2probe"])
def test_anything_but_the_probe_closes_the_new_socket_only(fixture_server, first):
    session = polling(fixture_server)
    socket = probe(session)
    socket.send(first)
    assert socket.closed() == 1005
    session.post("4still here")
    assert "4still here" in session.packets()
    upgraded(session)


def test_a_probe_that_goes_away_leaves_the_session(fixture_server):
    session = polling(fixture_server)
    socket = probe(session)
    socket.send("2probe")
    assert socket.receive() == "3probe"
    socket.close()
    session.post("4still here")
    assert "4still here" in "".join(session.packets() + session.packets())


def test_a_probe_that_does_not_complete_is_closed_and_the_session_lives(fixture_server):
    session = polling(fixture_server)
    began = time.monotonic()
    socket = probe(session)
    socket.send("2probe")
    assert socket.receive() == "3probe"
    assert socket.closed() == 1005
    assert 0.4 <= elapsed(began) < 0.48  # the fixture's upgrade timeout is 400 ms
    assert session.post("4still here").text == "ok"


def test_a_second_websocket_for_a_session_is_refused(fixture_server):
    session = polling(fixture_server)
    first = probe(session)
    first.send("2probe")
    first.receive()
    assert probe(session).status == 400
    first.send("5")
    assert first.is_open()
    assert probe(session).status == 400
    assert first.is_open()
