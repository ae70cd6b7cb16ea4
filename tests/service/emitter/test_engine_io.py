# SPDX-License-Identifier: Apache-2.0
"""Goal: the server keeps every rule of the Engine.IO protocol, revision 4, that a client can see.
Method: raw bytes to the echo of socketio-fixture (ping interval 300 ms, ping timeout 200 ms,
maximal payload 1,000,000, CORS for any origin)."""

import json
import re
import time

import pytest
from socketio_wire import Polling, WebSocket, answer_of, elapsed, request, start

# A pong has to be there within 200 ms.
pytestmark = [pytest.mark.alone, pytest.mark.rules]
PATH = "/engine.io/"
OPEN_KEYS = ["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"]


def polling(port):
    return Polling(port, PATH)


def websocket(port, query="EIO=4&transport=websocket", **more):
    return WebSocket(port, PATH, query, **more)


# Requests


@pytest.mark.parametrize("method, query, code, message", [
    ("GET", "EIO=4", 0, "Transport unknown"),
    ("GET", "EIO=4&transport=abc", 0, "Transport unknown"),
    ("GET", "EIO=4&transport=polling&transport=abc", 0, "Transport unknown"),
    ("GET", "EIO=4&transport=polling&sid=unknown", 1, "Session ID unknown"),
    ("POST", "EIO=4&transport=polling&sid=unknown", 1, "Session ID unknown"),
    ("POST", "EIO=4&transport=polling", 2, "Bad handshake method"),
    ("PUT", "EIO=4&transport=polling", 2, "Bad handshake method"),
    ("GET", "EIO=4&transport=websocket", 3, "Bad request"),
    ("GET", "transport=polling", 5, "Unsupported protocol version"),
    ("GET", "EIO=abc&transport=polling", 5, "Unsupported protocol version"),
    ("GET", "EIO=3&transport=polling", 5, "Unsupported protocol version"),
    ("GET", "EIO=4&EIO=3&transport=polling", 5, "Unsupported protocol version"),
    # The first fault counts: transport, session, method, revision.
    ("POST", "EIO=3&transport=abc&sid=unknown", 0, "Transport unknown"),
    ("PUT", "EIO=3&transport=polling&sid=unknown", 1, "Session ID unknown"),
    ("POST", "EIO=3&transport=websocket", 2, "Bad handshake method"),
    ("GET", "EIO=3&transport=websocket", 3, "Bad request"),
])
def test_a_refusal_has_its_code(fixture_server, method, query, code, message):
    answer = request(fixture_server, f"{PATH}?{query}", method)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/json"
    assert answer.text == json.dumps({"code": code, "message": message}, separators=(",", ":"))
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("query, message", [
    ("EIO=4&transport=abc", "Transport unknown"),
    ("EIO=4&transport=polling", "Bad request"),
    ("EIO=4&transport=websocket&sid=unknown", "Session ID unknown"),
    ("EIO=3&transport=websocket", "Unsupported protocol version"),
    ("transport=websocket", "Unsupported protocol version"),
])
def test_a_refused_upgrade_request_gets_plain_words_and_is_closed(fixture_server, query, message):
    socket = websocket(fixture_server, query)
    assert (socket.status, socket.body) == (400, message)
    assert "content-type: text/html" in socket.head
    assert socket.closed() == 1006


def test_a_session_is_asked_for_on_its_own_transport(fixture_server):
    socket = websocket(fixture_server)
    sid = socket.open_packet()["sid"]
    session = polling(fixture_server)
    for target in (f"{PATH}?EIO=4&transport=polling&sid={sid}",
                   session.target().replace("polling", "websocket")):
        answer = request(fixture_server, target)
        assert (answer.status, answer.json()["code"]) == (400, 3)
    assert session.post("4still here").text == "ok"


def test_an_origin_with_bytes_no_header_may_have_is_refused(fixture_server):
    raw = start(fixture_server, f"{PATH}?EIO=4&transport=polling", headers={"Origin": "a\x01"})
    assert answer_of(raw).status == 400


def test_every_answer_lets_any_origin_read_it(fixture_server):
    session = polling(fixture_server)
    answers = [session.post("4a"), session.get(), session.post("4" + "x" * 1_000_000),
               request(fixture_server, session.target(), "OPTIONS")]
    assert [answer.status for answer in answers] == [200, 200, 413, 204]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers


def test_parameters_are_decoded_and_others_ignored(fixture_server):
    answer = request(fixture_server,
                     f"{PATH}?b64=1&t=abc&EIO=%34&x=%&transport=abc&transport=pol%6Cing")
    assert answer.status == 200
    assert answer.text[0] == "0"


@pytest.mark.parametrize("path", ["/", "/engine.io", "/engine.io/x", "/engine.iox/"])
def test_other_paths_are_not_found(fixture_server, path):
    assert request(fixture_server, f"{path}?EIO=4&transport=polling").status == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONSX"])
def test_other_methods_are_refused_and_the_session_lives(fixture_server, method):
    session = polling(fixture_server)
    assert request(fixture_server, session.target(), method).status == 400
    session.post("4still here")
    assert "4still here" in session.packets()


def test_a_preflight_is_answered_without_touching_the_session(fixture_server):
    session = polling(fixture_server)
    answer = request(fixture_server, session.target(), "OPTIONS", headers={
        "Origin": "http://elsewhere.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-custom, content-type"})
    assert answer.status == 204
    assert answer.body == b""
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "x-custom, content-type"
    session.post("4x")
    assert "4x" in session.packets()


# Handshake


def test_the_open_packet_over_polling(fixture_server):
    answer = request(fixture_server, f"{PATH}?EIO=4&transport=polling")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; charset=UTF-8"
    assert answer.headers["cache-control"] == "no-store"
    opened = json.loads(answer.text[1:])
    assert list(opened) == OPEN_KEYS
    assert opened["upgrades"] == ["websocket"]
    assert (opened["pingInterval"], opened["pingTimeout"]) == (300, 200)
    assert opened["maxPayload"] == 1000000
    assert re.fullmatch(r"[A-Za-z0-9_-]{20,}", opened["sid"])


def test_the_open_packet_over_websocket(fixture_server):
    opened = websocket(fixture_server).open_packet()
    assert list(opened) == OPEN_KEYS
    assert opened["upgrades"] == []


def test_no_two_sessions_share_an_id(fixture_server):
    assert len({polling(fixture_server).sid for _ in range(50)}) == 50


# Heartbeats


def test_polling_heartbeats_go_on(fixture_server):
    began = time.monotonic()
    session = polling(fixture_server)
    for _ in range(3):
        assert session.packets() == ["2"]
        assert session.post("3").text == "ok"
    assert 0.9 <= elapsed(began) < 1.4


def test_a_polling_session_ends_without_a_pong(fixture_server):
    began = time.monotonic()
    session = polling(fixture_server)
    assert session.packets() == ["2"]
    assert session.packets() == ["1"]
    assert 0.5 <= elapsed(began) < 0.7
    assert session.get().json()["code"] == 1


def test_a_polling_session_ends_within_both_times_though_nobody_polls(fixture_server, wait_until):
    began = time.monotonic()
    session = polling(fixture_server)
    # A POST does not fetch the ping that is due; it only shows whether the session is known.
    wait_until(lambda: session.post("6").status == 400, "end of the session", 2, 0.01)
    assert 0.5 <= elapsed(began) < 0.7


def test_websocket_heartbeats_go_on(fixture_server):
    began = time.monotonic()
    socket = websocket(fixture_server)
    socket.open_packet()
    for _ in range(3):
        assert socket.receive(pings=True) == "2"
        socket.send("3")
    assert 0.9 <= elapsed(began) < 1.2


def test_a_websocket_ends_without_a_pong(fixture_server):
    began = time.monotonic()
    socket = websocket(fixture_server)
    socket.open_packet()
    assert socket.receive(pings=True) == "2"
    socket.closed(pongs=False)
    assert 0.5 <= elapsed(began) < 0.7


def test_a_client_may_not_ping(fixture_server):
    socket = websocket(fixture_server)
    socket.send("2")
    assert socket.closed() == 1005
    session = polling(fixture_server)
    session.post("2")
    assert not session.is_known()


# Long-polling


def test_texts_and_bytes_come_back_in_one_answer(fixture_server):
    session = polling(fixture_server)
    answer = session.post("4hello\x1ebAQIDBA==\x1e4\x1e4€ü😀")
    assert (answer.status, answer.text) == (200, "ok")
    assert answer.headers["content-type"] == "text/html"
    assert session.packets() == ["4hello", "bAQIDBA==", "4", "4€ü😀"]


def test_answers_are_not_to_be_stored(fixture_server):
    session = polling(fixture_server)
    for answer in (session.post("4a"), session.get()):
        assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/plain; charset=UTF-8"


def test_a_waiting_poll_gets_what_comes(fixture_server):
    session = polling(fixture_server)
    waiting = session.start_get()
    session.post("4late")
    assert answer_of(waiting).text == "4late"


def test_two_polls_at_once_end_the_session(fixture_server):
    session = polling(fixture_server)
    first = session.start_get()
    time.sleep(0.02)  # so that it is the first
    assert session.get().status == 400
    answer = answer_of(first)
    assert (answer.status, answer.text) == (200, "1")
    assert not session.is_known()


def second_post(fixture_server):
    """The first POST, unfinished, of a session that has had a second one."""
    session = polling(fixture_server)
    unfinished = start(fixture_server, session.target(), "POST", {"Content-Length": "5"})
    time.sleep(0.02)
    assert session.post("4b").status == 400
    assert not session.is_known()
    return unfinished


def test_two_posts_at_once_end_the_session(fixture_server):
    second_post(fixture_server)


def test_the_post_that_came_first_is_answered_too(fixture_server):
    unfinished = second_post(fixture_server)
    unfinished.sendall(b"4abcd")
    assert answer_of(unfinished).status == 400


def test_a_poll_and_a_post_at_once_are_normal(fixture_server):
    session = polling(fixture_server)
    unfinished = start(fixture_server, session.target(), "POST", {"Content-Length": "5"})
    waiting = session.start_get()
    unfinished.sendall(b"4abcd")
    assert answer_of(unfinished).text == "ok"
    assert answer_of(waiting).text == "4abcd"


def test_a_poll_whose_connection_goes_ends_the_session(fixture_server):
    session = polling(fixture_server)
    waiting = session.start_get()
    time.sleep(0.005)
    waiting.close()
    time.sleep(0.005)
    assert session.get().status == 400


@pytest.mark.parametrize("body", ["abc", "7", "", "4a\x1e", "\x1e4a", "b!", "bA", b"4\xff"])
def test_a_malformed_payload_ends_the_session(fixture_server, body):
    session = polling(fixture_server)
    session.post(body)
    assert not session.is_known()


@pytest.mark.parametrize("body", ["7", "2", ""])
def test_a_post_that_ends_the_session_is_refused(fixture_server, body):
    assert polling(fixture_server).post(body).status == 400


def test_a_binary_post_ends_the_session(fixture_server):
    session = polling(fixture_server)
    answer = session.post(b"4abc", **{"Content-Type": "application/octet-stream"})
    assert answer.status == 400
    assert not session.is_known()


def test_a_post_above_the_limit_is_refused_and_the_session_lives(fixture_server):
    session = polling(fixture_server)
    assert session.post("4" + "x" * 1_000_000).status == 413
    assert session.post("4" + "x" * 999_999).text == "ok"
    assert len("".join(session.packets())) == 1_000_000


def test_a_post_far_above_the_limit_is_not_read(fixture_server):
    session = polling(fixture_server)
    raw = start(fixture_server, session.target(), "POST", {"Content-Length": "500000000"})
    answer = answer_of(raw)
    assert answer.status == 413
    assert answer.headers["access-control-allow-origin"] == "*"
    session.post("4x")
    assert "4x" in session.packets()


def test_a_chunked_post_works(fixture_server):
    session = polling(fixture_server)
    raw = start(fixture_server, session.target(), "POST", {"Transfer-Encoding": "chunked"})
    raw.sendall(b"2\r\n4a\r\n1\r\nb\r\n0\r\n\r\n")
    assert answer_of(raw).text == "ok"
    assert session.packets() == ["4ab"]


def test_pipelined_requests_are_answered_in_order(fixture_server):
    session = polling(fixture_server)
    target = session.target()
    raw = start(fixture_server, target, "POST", body=b"4a")
    raw.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    assert answer_of(raw).text == "ok"
    assert answer_of(raw).text == "4a"


def test_a_connection_ends_where_the_client_says_so(fixture_server):
    session = polling(fixture_server)
    raw = start(fixture_server, session.target(), "POST", {"Connection": "close"}, b"4a")
    assert answer_of(raw).text == "ok"
    assert raw.recv(1) == b""
    assert session.packets() == ["4a"]


def test_a_client_closes_with_a_packet(fixture_server):
    session = polling(fixture_server)
    waiting = session.start_get()
    time.sleep(0.01)
    assert session.post("1").text == "ok"
    assert answer_of(waiting).text == "6"
    assert session.get().json()["code"] == 1


def test_packets_nobody_asked_for_are_ignored(fixture_server):
    session = polling(fixture_server)
    assert session.post("0\x1e5\x1e6\x1e3\x1e4x").text == "ok"
    assert session.packets() == ["4x"]
    socket = websocket(fixture_server)
    for packet in ("0", "5", "6", "3"):
        socket.send(packet)
    assert socket.is_open()
