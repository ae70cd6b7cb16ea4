# SPDX-License-Identifier: Apache-2.0
"""Goal: --keys and --map decide what becomes an event and what it says, and what they leave out
costs nobody an event. Method: the real emitter on a real Kafka; raw WebSockets and real clients."""

import json
import subprocess
import sys
import time

import pytest
from emitter_ends import Live
from replicas import Switch
from socketio_wire import WebSocket
from support import ROOT

sys.path.insert(0, str(ROOT / "tests" / "system"))

from clients import node_client  # noqa: E402


def filtered(running):
    metrics = running.metrics()
    return [metrics[f'weir_filtered_records_total{{reason="{reason}"}}']
            for reason in ("key", "map")]


def test_a_map_makes_the_values_of_its_event(emitter, topics, topic, wait_until):
    out = topic("out", partitions=2)
    # 9007199254740993 is beyond what a double holds: a record that is only chosen keeps its bytes.
    topics.write(out, {"data": 60, "n": 0}, key="device1")
    running = emitter(relay=[f"{out}=warm@/live", f"{out}=value", f"{out}=window@/live"],
                      map=["warm@/live=select(.data > 50)",
                           "value={(.n | tostring): .data, key: $meta.key}"])
    plain = WebSocket(running.port)
    plain.open_packet()
    plain.send("40")
    plain.receive()
    live = Live(running.port)
    assert [value["n"] for value, _ in live.snapshot()["window"]] == [0]
    topics.write(out, {"data": 10, "n": 1}, '{"data": 50.50, "n": 9007199254740993}', key="device2")
    assert live.until(lambda event: event[0] == "warm", "warm")[1]["n"] == 9007199254740993
    live.totals(warm=2, window=3)  # what is left out is not counted
    assert [event[1]["n"] for event in live.events if event[0] == "warm"] == [9007199254740993]
    assert plain.receive() == '42["value",{"1":10,"key":"device2"}]'
    assert json.loads(plain.receive()[2:])[1]["key"] == "device2"
    assert filtered(running) == [0, 1]


def test_what_a_map_cannot_do_is_a_flaw(emitter, topics, topic, wait_until):
    out = topic("out")
    running = emitter(relay=f"{out}=window@/live", map="window@/live=if .n == 1 then 1, 2 elif "
                      ".n == 2 then halt elif .n == 3 then .n + \"x\" else {n} end")
    live = Live(running.port)
    topics.write(out, *({"n": n} for n in range(5)), "[]")
    for n in (0, 4):
        assert live.until(lambda event: event[0] == "window", "window")[1] == {"n": n}
    live.totals(window=6)
    flawed = {reason: running.metrics()[f'weir_records_flawed_total{{reason="{reason}"}}']
              for reason in ("map_failed", "not_an_object")}
    assert flawed == {"map_failed": 3, "not_an_object": 1}
    lines = [line for line in running.log_text().splitlines() if "map_failed" in line]
    assert len(lines) == 1 and "more than 1 values" in lines[0]


def test_the_latest_of_a_key_is_the_last_that_was_chosen(emitter, topics, topic):
    out = topic("out")
    running = emitter(relay=f"{out}=reading@/live:latest", keys="reading@/live=a*,c",
                      map="reading@/live=select(.n < 3)")
    live = Live(running.port)
    topics.write(out, {"n": 1}, key="a1")
    topics.write(out, {"n": 1}, key="b1")
    topics.write(out, {"n": 2}, key="c")
    topics.write(out, {"n": 3}, key="a1")
    topics.write(out, {"n": 2}, key=None)
    live.totals(reading=2)
    later = Live(running.port)
    readings = {}
    while len(readings) < 2:
        event = later.next()
        if event[0] == "reading":
            readings[event[2]["key"]] = event[1]["n"]
    assert readings == {"a1": 1, "c": 2}
    assert filtered(running) == [2, 1]


def test_who_comes_back_past_records_that_were_left_out(emitter, topics, topic):
    """Offsets move on with them, so that a replica that has never seen the last event still knows
    that nothing is missing."""
    out = topic("out")
    options = {"relay": f"{out}=window@/live", "keys": "window@/live=a", "history": "2s"}
    running = emitter(**options)
    live = Live(running.port)
    live.snapshot()
    topics.write(out, {"n": 1}, key="a")
    last = live.until(lambda event: event[0] == "window", "window")
    topics.write(out, {"n": 2}, {"n": 3}, key="b")
    moved = live.until(lambda event: event[-1].endswith(":3"), "offset of what was left out")
    assert moved[:2] == ["totals", {"window": 1}] and last[-1].endswith(":1")
    time.sleep(2)  # all of it is beyond what a replica reads at its start
    topics.write(out, {"n": 4}, key="a")
    other = emitter(**options, name="other")
    for port in (running.port, other.port):
        socket = WebSocket(port)
        socket.raw.settimeout(10)
        socket.open_packet()
        socket.send("40/live," + json.dumps({"pid": "x" * 24, "offset": moved[-1]}))
        packets = [socket.receive() for _ in range(3)]
        assert packets[0].startswith("40/live,") and "x" * 24 in packets[0], packets
        assert packets[1].startswith('42/live,["window",{"n":4},'), packets
        assert packets[2].startswith('42/live,["totals",'), packets


def test_a_real_client_gets_all_that_is_chosen_once(emitter, topics, topic, wait_until, run_dir,
                                                    clients):
    """Moved between two replicas again and again."""
    out = topic("out", partitions=3)
    options = {"relay": f"{out}=window@/live", "map": "window@/live=select(.n % 3 == 0)",
               "keys": "window@/live=k[0-4]"}
    replicas = [emitter(**options, name=f"replica-{i}") for i in range(2)]
    switch = Switch(replicas[0].port)
    client = node_client("client", f"http://127.0.0.1:{switch.port}/live", run_dir,
                         transports=("websocket",), events=("window",))
    clients.append(client.start())
    client.wait_ready()
    wanted = []
    for n in range(240):
        topics.write(out, {"n": n}, key=f"k{n % 7}")
        if n % 3 == 0 and n % 7 <= 4:
            wanted.append(n)
        if n % 60 == 59:
            switch.choose(replicas[(n // 60 + 1) % 2].port)
    wait_until(lambda: len(client.received("window")) >= len(wanted), "all events", 30)
    assert sorted(value["n"] for value in client.received("window")) == wanted
    states = [line for line in client.states() if line["state"] == "connect"]
    assert len(states) > 1 and all(state["recovered"] for state in states[1:])
    switch.stop()


@pytest.mark.parametrize("option, value, mistake", [
    ("map", "other@/live=.", "--map: no --relay makes the event other@/live"),
    ("map", "window=.", "--map: no --relay makes the event window@/"),
    ("map", "window@/live={a", "--map: not a jq program: syntax error"),
    ("map", "window@/live=@/no/such/file", "--map: reading /no/such/file: No such file"),
    ("keys", "other=a", "--keys: no --relay makes the event other@/"),
    ("keys", "window@/live=", "--keys: expected EVENT[@NAMESPACE]=GLOB"),
])
def test_mistakes_are_found_at_the_start(bin_dir, option, value, mistake):
    run = subprocess.run([bin_dir / "emitter", "--check", "--relay", "t=window@/live",
                          f"--{option}", value], capture_output=True, text=True, timeout=20)
    assert run.returncode == 2
    assert mistake in run.stderr


@pytest.mark.parametrize("option", ["map", "keys"])
def test_an_event_has_one_map_and_one_set_of_keys(bin_dir, option):
    run = subprocess.run([bin_dir / "emitter", "--check", "--relay", "t=window@/live",
                          f"--{option}", "window@/live=.a", f"--{option}", "window@/live=.b"],
                         capture_output=True, text=True, timeout=20)
    assert run.returncode == 2
    assert f"--{option}: window@/live is given twice" in run.stderr
