# SPDX-License-Identifier: Apache-2.0
"""Goal: an existing Socket.IO server gets every event at least once and in order, whatever becomes
of it, of the connection and of the emitter. Method: the real emitter on a real Kafka; socket.io and
python-socketio as servers that print what they get, killed, stopped and cut off."""

import json
import random
import signal
import subprocess
import threading
import time

import pytest
from replicas import Switch
from socketio_wire import WebSocket
from upstream_servers import node_server, python_server


@pytest.fixture
def servers():
    """A list of servers; they are stopped after the test."""
    started = []
    yield started
    for server in started:
        server.signal(signal.SIGCONT)
        server.stop()


@pytest.fixture
def node(run_dir, free_port, servers):
    def start(*flags, **more):
        servers.append(node_server(run_dir, free_port(), *flags, **more).start())
        return servers[-1].wait_ready()
    return start


@pytest.fixture
def upstream(emitter, unique):
    """upstream(url, relay=…) starts an emitter that sends to it, with a group of its own."""
    group = unique("group")

    def start(url, **options):
        return emitter(upstream=url, **{"group": group, "history": "0s", **options})
    return start


def once(numbers):
    """Each number where it came first."""
    return list(dict.fromkeys(numbers))


def write_numbers(topics, topic, count, first=0):
    topics.write(topic, *({"n": n} for n in range(first, first + count)))


def metric(running, name):
    return running.metrics()[f"weir_upstream_{name}"]


# What arrives


RESULT = {"device_name": "device1", "average": 863.852,
          "window": {"start": "2024-10-07T13:02:45Z", "end": "2024-10-07T13:03:00Z"}}
CARD = {"device_name": "device1", "window_start": "13:02:45", "window_end": "13:03:00",
        "data": 863.852}


def test_socket_io_gets_events_in_their_namespaces(upstream, node, topics, topic, wait_until):
    out = topic("out")
    server = node("--nsp", "/", "--nsp", "/live")
    running = upstream(server.url, time_zone="UTC", keys="late@/live=b",
                       relay=[f"{out}=broadcast_event:card", f"{out}=window@/live",
                              f"{out}=late@/live"])
    topics.write(out, RESULT, key="a", weir_window="w1")
    topics.write(out, "{}", key="b")
    wait_until(lambda: server.got("late"), "the last event")
    assert server.got("broadcast_event", "/") == [[CARD]]
    (value, meta), (empty, _) = server.got("window", "/live")
    assert (value, empty) == (RESULT, {})
    assert meta["topic"] == out and meta["key"] == "a" and meta["headers"] == {"weir-window": "w1"}
    wait_until(lambda: metric(running, "events_total") == 4, "the receipts")
    assert metric(running, "waiting_events") == metric(running, "events_repeated_total") == 0
    assert running.metrics()['weir_records_flawed_total{reason="not_a_result"}'] == 1


def test_python_socketio_gets_them_and_sends_them_on(upstream, run_dir, free_port, servers, topics,
                                                     topic, wait_until):
    """As the first emitter of this pipeline did it; what is sent to everybody comes back to us."""
    out = topic("out")
    server = python_server(run_dir, free_port())
    servers.append(server.start())
    server.wait_ready()
    running = upstream(server.url, time_zone="UTC", relay=f"{out}=broadcast_event:card")
    page = WebSocket(int(server.url.rpartition(":")[2]))
    page.open_packet()
    page.send("40")
    page.receive()
    topics.write(out, *[RESULT] * 200)
    for _ in range(200):
        assert page.receive() == "42" + json.dumps(["emit", CARD], separators=(",", ":"))
    assert server.got("broadcast_event") == [[CARD]] * 200
    wait_until(lambda: metric(running, "events_total") == 200, "the receipts")
    assert running.ready()


def test_our_own_server_gets_them(upstream, fixture_process, topics, topic):
    out = topic("out")
    _, port = fixture_process
    upstream(f"http://127.0.0.1:{port}", relay=f"{out}=broadcast@/custom")
    topics.write(out, {"n": 0})  # the first write takes longer than a page may be silent there
    page = WebSocket(port)
    page.open_packet()
    page.send("40/custom,")
    topics.write(out, {"n": 1})
    while not (packet := page.receive()).startswith('42/custom,["broadcasted"'):
        pass
    assert json.loads(packet.removeprefix("42/custom,"))[1] in ({"n": 0}, {"n": 1})


def test_over_tls(upstream, node, topics, topic, run_dir, wait_until):
    cert, key = run_dir / "cert.pem", run_dir / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout", key,
                    "-out", cert], check=True, capture_output=True)
    server = node("--cert", cert, "--key", key, scheme="https")
    doubting = upstream(server.url, wait=False, relay=f"{topic('other')}=window")
    wait_until(lambda: "not trusted" in json.dumps(doubting.readiness()), "the doubt in /readyz")
    out = topic("out")
    upstream(server.url, upstream_ca=cert, relay=f"{out}=window", name="trusting")
    write_numbers(topics, out, 3)
    wait_until(lambda: server.numbers() == [0, 1, 2], "the events")


def test_who_must_show_a_token(upstream, node, topics, topic, wait_until):
    out = topic("out")
    server = node("--nsp", "/live", "--token", "secret")
    stranger = upstream(server.url, wait=False, relay=f"{out}=window@/live")
    wait_until(lambda: "/live: Members only" in json.dumps(stranger.readiness()), "the refusal")
    stranger.stop()
    upstream(server.url, upstream_auth='{"token":"secret"}', relay=f"{out}=window@/live",
             name="member")
    write_numbers(topics, out, 3)
    wait_until(lambda: server.numbers() == [0, 1, 2], "the events")


def test_what_the_server_would_not_take_is_left_out(upstream, node, topics, topic, wait_until):
    out = topic("out")
    server = node("--max", "1000")
    running = upstream(server.url, relay=f"{out}=window")
    topics.write(out, {"n": 0}, {"n": 1, "x": "y" * 1000}, {"n": 2})
    wait_until(lambda: server.numbers() == [0, 2], "the others")
    wait_until(lambda: metric(running, "events_total") == 2, "the receipts")
    assert metric(running, "events_too_large_total") == 1
    assert metric(running, "connections_total") == 1


# Nothing is lost


def test_a_server_that_goes_and_comes_back(upstream, node, topics, topic, wait_until):
    """Killed again and again while records come. It acknowledges what it has printed, so that
    all that has a receipt is there."""
    out = topic("out")
    server = node("--ack")
    running = upstream(server.url, relay=f"{out}=window", upstream_ack=True)
    dice, count = random.Random(5), 0
    for _ in range(6):
        until = time.monotonic() + dice.uniform(0.2, 0.8)
        while time.monotonic() < until:
            write_numbers(topics, out, 50, count)
            count += 50
        server.kill()
        wait_until(lambda: not running.ready(), "unreadiness without its server")
        assert "upstream" in json.dumps(running.readiness())
        write_numbers(topics, out, 50, count)
        count += 50
        server.start().wait_ready()
        wait_until(lambda: running.ready(), "readiness")
    wait_until(lambda: len(set(server.numbers())) == count, "everything", 60)
    assert once(server.numbers()) == list(range(count))
    assert metric(running, "connections_total") == 7
    repeated = len(server.numbers()) - count
    assert metric(running, "events_repeated_total") >= repeated


def test_a_connection_that_is_cut(upstream, node, topics, topic, wait_until):
    """What was on its way is sent again; the ping behind it had no answer."""
    out = topic("out")
    server = node()
    switch = Switch(int(server.url.rpartition(":")[2]))
    running = upstream(f"http://127.0.0.1:{switch.port}", relay=f"{out}=window")
    stop = threading.Event()

    def cut():
        while not stop.wait(0.15):
            switch.cut()
    cutter = threading.Thread(target=cut)
    cutter.start()
    count = 0
    until = time.monotonic() + 4
    while time.monotonic() < until:
        write_numbers(topics, out, 100, count)
        count += 100
        time.sleep(0.02)
    stop.set()
    cutter.join()
    wait_until(lambda: len(set(server.numbers())) == count, "everything", 60)
    assert once(server.numbers()) == list(range(count))
    assert metric(running, "connections_total") > 3
    switch.stop()


def test_an_emitter_that_is_killed_goes_on_where_it_was(upstream, node, topics, topic, wait_until):
    out, count, dice = topic("out", partitions=1), 0, random.Random(3)
    server = node()
    running = upstream(server.url, relay=f"{out}=window")
    for _ in range(4):
        until = time.monotonic() + dice.uniform(0.5, 1.5)
        while time.monotonic() < until:
            write_numbers(topics, out, 20, count)
            count += 20
            time.sleep(0.01)
        running.kill()
        write_numbers(topics, out, 20, count)  # nobody is there
        count += 20
        running.start().wait_ready()
    wait_until(lambda: len(set(server.numbers())) == count, "everything", 30)
    assert once(server.numbers()) == list(range(count))


def test_an_orderly_stop_repeats_nothing(upstream, node, topics, topic, wait_until):
    out = topic("out")
    server = node()
    running = upstream(server.url, relay=f"{out}=window", map="window=select(.n % 2 == 0)")
    for round_ in range(3):
        write_numbers(topics, out, 100, round_ * 100)
        wait_until(lambda: len(server.numbers()) >= (round_ + 1) * 50, "the events")
        assert running.stop() == 0
        write_numbers(topics, out, 1, 1001)  # left out
        running.start().wait_ready()
    assert server.numbers() == list(range(0, 300, 2))


def test_a_first_start_begins_in_the_past(upstream, node, topics, topic, wait_until):
    out = topic("out")
    write_numbers(topics, out, 3)
    server = node()
    upstream(server.url, relay=f"{out}=window", history="1h")
    wait_until(lambda: server.numbers() == [0, 1, 2], "the past")


def test_from_its_first_start_on_nothing_is_lost(upstream, node, topics, topic, wait_until):
    """Also if it has not sent anything yet."""
    out = topic("out")
    write_numbers(topics, out, 3)
    server = node()
    running = upstream(server.url, relay=f"{out}=window")
    running.stop()
    write_numbers(topics, out, 3, 3)
    running.start().wait_ready()
    wait_until(lambda: server.numbers(), "the events")
    assert server.numbers() == [3, 4, 5]


# Nothing piles up


def test_a_server_that_stands_still_stops_the_reading(upstream, node, topics, topic, wait_until):
    out = topic("out")
    server = node()
    running = upstream(server.url, relay=f"{out}=window", upstream_timeout="2s")
    server.signal(signal.SIGSTOP)
    total = 30_000
    topics.write(out, *({"n": n, "x": "y" * 500} for n in range(total)))
    wait_until(lambda: not running.ready(), "unreadiness", 20)
    wait_until(lambda: metric(running, "waiting_events") > 0, "events that wait")
    for _ in range(10):
        assert 0 < metric(running, "waiting_events") <= 4000
        time.sleep(0.2)
    assert running.get("/healthz")[0] == 200
    wait_until(lambda: running.metrics()["weir_input_lag_records"] > total - 6000, "all as lag")
    server.signal(signal.SIGCONT)
    wait_until(lambda: len(set(server.numbers())) == total, "everything", 60)
    assert once(server.numbers()) == list(range(total))
    wait_until(lambda: metric(running, "waiting_events") == 0, "the receipts")


def test_a_server_that_does_not_acknowledge_is_not_believed(upstream, node, topics, topic,
                                                            wait_until):
    out = topic("out")
    server = node()
    running = upstream(server.url, relay=f"{out}=window", upstream_ack=True, upstream_timeout="1s")
    write_numbers(topics, out, 2)
    wait_until(lambda: server.numbers().count(1) >= 3, "the same again")
    assert metric(running, "events_total") == 0
    assert "does not confirm" in running.log_text()


@pytest.mark.parametrize("options, mistake", [
    (["--upstream", "ws://x"], "--upstream: expected http://HOST[:PORT][/PATH]"),
    (["--upstream", "http://x", "--group", ""], "--group: required"),
    (["--upstream", "http://x", "--relay", "t=a:latest"], ":latest is for clients"),
    (["--upstream", "http://x", "--relay", "t=a:drop"], ":drop is for clients"),
    (["--upstream", "http://x", "--upstream-auth", "[]"], "--upstream-auth: the secret was"),
    (["--upstream", "http://x", "--upstream-ca", "f"], "--upstream-ca: expected --upstream to"),
    (["--upstream", "https://x", "--upstream-ca", "/none"], "/none"),
])
def test_mistakes_are_found_at_the_start(bin_dir, options, mistake):
    run = subprocess.run([bin_dir / "emitter", "--check", *options], capture_output=True, text=True,
                         timeout=20)
    assert run.returncode == 2
    assert mistake in run.stderr
