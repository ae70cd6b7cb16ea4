# SPDX-License-Identifier: Apache-2.0
"""Goal: clients that are slow, gone, greedy or talk nonsense cost the server little, and the others
nothing. Method: crowds of them against socketio-fixture (a header must be there within a
second, a pong within 200 ms), beside one client that behaves."""

import os
import socket
import struct
import time
from pathlib import Path

import pytest
from socketio_wire import CLOSE, TEXT, Polling, WebSocket, answer_of, elapsed, masked_with, start

pytestmark = pytest.mark.alone  # a pong has to be there within 200 ms
PATH = "/engine.io/"
HANDSHAKE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}


def connected(port):
    return socket.create_connection(("127.0.0.1", port), 5)


def resident(process):
    """Bytes of memory."""
    pages = Path(f"/proc/{process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def is_served(port):
    behaved = WebSocket(port)
    behaved.connect()
    behaved.send('42["message",1]')
    return behaved.receive() == '42["message-back",1]'


def send_byte_by_byte(raw, data):
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in data:
        raw.sendall(bytes([byte]))


def test_bytes_may_come_one_by_one(fixture_server):
    session = Polling(fixture_server, PATH)
    raw = connected(fixture_server)
    send_byte_by_byte(raw, f"POST {session.target()} HTTP/1.1\r\nHost: h\r\n"
                           "Content-Length: 5\r\n\r\n4slow".encode())
    assert answer_of(raw).text == "ok"
    assert session.packets() == ["4slow"]
    web = WebSocket(fixture_server, PATH)
    web.open_packet()
    send_byte_by_byte(web.raw, b"\x81\x85mask" + masked_with(b"mask", b"4slow"))
    assert web.receive() == "4slow"


@pytest.mark.parametrize("begun", [
    b"G", b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: h\r\n"])
def test_requests_that_do_not_end_are_given_up(fixture_process, wait_until, begun):
    process, port = fixture_process
    before = descriptors(process)
    crowd = [connected(port) for _ in range(200)]
    began = time.monotonic()
    for raw in crowd:
        raw.sendall(begun)
    assert is_served(port)
    wait_until(lambda: descriptors(process) <= before + 1, "end of all of them", 5)
    assert elapsed(began) < 4


def test_a_client_that_vanishes_is_missed_in_time(fixture_process, wait_until):
    """Nothing tells the server that it is gone: no FIN, no answer to a close frame."""
    process, port = fixture_process
    before = descriptors(process)
    silent = [WebSocket(port, PATH) for _ in range(50)]
    wait_until(lambda: descriptors(process) == before + 50, "connections", 5)
    assert is_served(port)
    assert silent[0].open_packet()
    assert silent[0].frame() == (TEXT, b"2")
    assert silent[0].frame() == (CLOSE, b"")
    wait_until(lambda: descriptors(process) <= before + 1, "end of all of them", 10)


@pytest.mark.parametrize("bytes_, status", [
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n", 400),  # TLS
    (b"\x00\xff\xfe\r\n\r\n", 400),
    (b"GET /socket.io/?EIO=4&transport=polling HTTP/9.9\r\n\r\n", 505),
    (b"GET " + b"/" * 20_000 + b" HTTP/1.1\r\n\r\n", 431),
    (b"GET /socket.io/ HTTP/1.1\r\n" + b"X-Y: z\r\n" * 3_000 + b"\r\n", 431),
    (b"POST /socket.io/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST /socket.io/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n4a", 400),
    (b"POST /socket.io/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400)])
def test_what_is_no_request_is_refused_and_closed(fixture_server, bytes_, status):
    raw = connected(fixture_server)
    raw.sendall(bytes_)
    assert answer_of(raw).status == status
    assert is_served(fixture_server)


@pytest.mark.parametrize("head", [
    b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x82\xff\x00\x00\x00\x01\x00\x00\x00\x00"])
def test_a_frame_that_is_announced_too_large_is_not_waited_for(fixture_server, head):
    web = WebSocket(fixture_server, PATH)
    web.open_packet()
    web.raw.sendall(head + b"mask")
    assert web.closed() == 1009


def test_what_is_announced_takes_no_memory_before_it_comes(fixture_process):
    process, port = fixture_process
    crowd = [start(port, f"{PATH}?EIO=4&transport=websocket", headers=HANDSHAKE,
                   behind=b"\x82\xff" + struct.pack("!Q", 999_999) + b"mask" + b"x" * 10)
             for _ in range(200)]
    assert is_served(port)
    assert resident(process) < 40_000_000  # of 200 MB
    assert len(crowd) == 200


def test_a_client_that_sends_pings_and_does_not_read_gets_no_more_than_a_little(fixture_process):
    process, port = fixture_process
    before = resident(process)
    greedy = WebSocket(port, PATH)
    ping = b"\x89\xfdmask" + bytes(125)
    began = time.monotonic()
    greedy.raw.settimeout(0.2)
    try:
        while elapsed(began) < 0.4:  # its session ends at 0.5 s
            greedy.raw.sendall(ping * 100)
    except TimeoutError:
        pass
    assert resident(process) - before < 4_000_000
    assert is_served(port)


def test_the_memory_of_clients_that_go_comes_back(fixture_process, wait_until):
    """Ten crowds over all transports, each dropped in another way. tests/bench/emitter does it
    with 10,000."""
    process, port = fixture_process
    before = descriptors(process)
    after = []
    for _ in range(10):
        crowd = [WebSocket(port).raw for _ in range(150)]
        for _ in range(50):
            session = Polling(port)
            probe = WebSocket(port, query=f"EIO=4&transport=websocket&sid={session.sid}")
            crowd.append(probe.raw)
        crowd += [start(port, "/socket.io/?EIO=4&transport=polling") for _ in range(50)]
        for number, raw in enumerate(crowd):
            if number % 2 == 0:  # a reset instead of a FIN
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()
        wait_until(lambda: descriptors(process) <= before, "end of all connections", 10)
        time.sleep(0.6)  # sessions of polling end by the ping timeout
        after.append(resident(process))
    assert max(after[2:]) <= after[1] + 1_000_000, after  # 2,000 sessions more


def test_one_who_does_not_read_is_dropped_and_the_others_get_all(fixture_server):
    stalled = WebSocket.__new__(WebSocket)
    stalled.raw = start(fixture_server, "/socket.io/?EIO=4&transport=websocket", headers=HANDSHAKE,
                        behind=b"\x81\x82mask" + masked_with(b"mask", b"40"))
    reader = WebSocket(fixture_server)
    reader.connect()
    event = '42["broadcasted","' + "x" * 200_000 + '"]'
    for number in range(100):  # more than the kernel and the queue hold together
        reader.send(event.replace("broadcasted", "broadcast"))
        assert reader.receive() == event, number
    stalled.raw.settimeout(5)
    seen = 0
    try:
        while chunk := stalled.raw.recv(1 << 20):
            seen += len(chunk)
    except ConnectionResetError:
        pass
    assert seen < 100 * len(event)


def test_a_text_that_claims_to_be_anything_ends_only_its_sender(fixture_server):
    reader = WebSocket(fixture_server)
    reader.connect()
    for text in ("4" + "[" * 900_000, "42" + "[" * 900_000, "4510-" + "/" * 900_000,
                 '42["a"' + ',{"_placeholder":true}' * 30_000, "4" + "2" * 900_000):
        sender = WebSocket(fixture_server)
        sender.connect()
        sender.send_frame(TEXT, text.encode())
        assert sender.closed() == 1005
    reader.send('42["message"]')
    assert reader.receive() == '42["message-back"]'
