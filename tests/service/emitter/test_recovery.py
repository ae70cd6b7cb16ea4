# SPDX-License-Identifier: Apache-2.0
"""Goal: a client that comes back, to whichever replica, gets what it has missed and nothing twice,
and one that cannot gets a snapshot. Method: real emitters on a real Kafka; raw WebSockets that say
what they have got, and real clients that are moved between replicas while records come."""

import json
import random
import sys
import threading
import time

import pytest
from emitter_ends import Live
from replicas import Switch
from socketio_wire import WebSocket
from support import ROOT

sys.path.insert(0, str(ROOT / "tests" / "system"))

from clients import node_client  # noqa: E402

PARTITIONS = 4


class Returning:
    """A raw client of /live that remembers what socket.io-client remembers."""

    def __init__(self, port, auth=None, timeout=10):
        """`auth`: of its CONNECT. `early`: the events that came before the answer."""
        self.socket = WebSocket(port)
        self.socket.raw.settimeout(timeout)
        self.socket.open_packet()
        self.socket.send("40/live," + (json.dumps(auth) if auth is not None else ""))
        self.early = []
        while (packet := self.socket.receive()).startswith("42/live,"):
            self.early.append(json.loads(packet.removeprefix("42/live,")))
        assert packet.startswith("40/live,"), packet
        self.joined = json.loads(packet.removeprefix("40/live,"))

    def events(self, count):
        packets = [self.socket.receive() for _ in range(count)]
        return [json.loads(packet.removeprefix("42/live,")) for packet in packets]

    def past(self, last_event):
        return {"pid": self.joined["pid"], "offset": last_event[-1]}


@pytest.fixture
def live(emitter, topics, topic):
    """(the topic, an emitter that relays it to /live)."""
    out = topic("out", partitions=PARTITIONS)
    return out, emitter(relay=f"{out}=window@/live")


def numbers(events):
    return [event[1]["n"] for event in events if event[0] == "window"]


def test_who_comes_back_gets_what_it_missed_before_it_joins(live, topics):
    out, running = live
    first = Returning(running.port)
    assert first.early == [] and set(first.joined) == {"sid", "pid"}
    snapshot, _ = first.events(2)
    topics.write(out, {"n": 1}, key="a")
    topics.write(out, {"n": 2}, key="b")
    one, two = [e for e in first.events(3) if e[0] == "window"]
    first.socket.close()
    topics.write(out, {"n": 3}, key="a")
    topics.write(out, {"n": 4}, key="c")
    witness = Live(running.port)
    witness.totals(window=4)

    for past, missing in ((snapshot, {1, 2, 3, 4}), (one, {1, 2, 3, 4} - {one[1]["n"]}),
                          (two, {3, 4})):
        again = Returning(running.port, first.past(past))
        assert len(again.early) == len(missing) and set(numbers(again.early)) == missing
        assert again.joined == first.joined
        assert again.events(1) == [["totals", {"window": 4}]]
    topics.write(out, {"n": 5}, key="d")  # and it goes on from there
    assert numbers(again.events(1)) == [5]


def test_every_event_is_an_offset(live, topics):
    """Whichever event was the last, what comes after it is what is missing."""
    out, running = live
    first = Returning(running.port)
    snapshot, _ = first.events(2)
    for n in range(30):
        topics.write(out, {"n": n}, key=f"k{n}")
    got = [snapshot]
    while len(got) < 31:
        got += [event for event in first.events(1) if event[0] == "window"]
    for last, event in enumerate(got):
        again = Returning(running.port, first.past(event))
        assert numbers(again.early) == numbers(got[last + 1:])
        # What is sent again says the same, so one may come back in the middle of that, too.
        assert [e[-1] for e in again.early] == [e[-1] for e in got[last + 1:]]


@pytest.mark.parametrize("auth", [
    {}, {"pid": "x" * 24}, {"pid": 7, "offset": "o"}, {"pid": "x" * 24, "offset": "garbage"},
    {"pid": "x" * 24, "offset": 7}, {"pid": "", "offset": ""}, {"pid": "é" * 24, "offset": "o"},
    {"pid": "y" * 25, "offset": "kept"}, {"offset": "kept"}, {"pid": "x" * 24, "offset": None}])
def test_who_has_nothing_to_come_back_with_is_new(live, topics, auth):
    out, running = live
    topics.write(out, {"n": 1})
    first = Live(running.port)
    first.totals(window=1)
    kept = first.events[0][-1]
    auth = {name: kept if value == "kept" else value for name, value in auth.items()}
    client = Returning(running.port, auth)
    assert client.early == [] and client.joined["pid"] != auth.get("pid")
    assert [event[0] for event in client.events(2)] == ["snapshot", "totals"]


def test_a_replica_with_other_topics_gives_a_snapshot(live, emitter, topics, topic):
    out, running = live
    first = Returning(running.port)
    snapshot = first.events(1)[0]
    other = emitter(relay=[f"{out}=window@/live", f"{topic('late')}=late@/live"], name="other")
    again = Returning(other.port, first.past(snapshot))
    assert again.joined["pid"] != first.joined["pid"]
    assert again.events(1)[0][0] == "snapshot"


def test_who_has_missed_too_much_gets_a_snapshot(emitter, topics, topic):
    out = topic("out")
    running = emitter(relay=f"{out}=window@/live", recovery_size="4KiB", history_records=1)
    first = Returning(running.port)
    start = first.events(1)[0]
    topics.write(out, *({"n": n, "x": "y" * 100} for n in range(100)))
    Live(running.port).totals(window=100)
    again = Returning(running.port, first.past(start))
    assert again.early == [] and again.joined["pid"] != first.joined["pid"]
    assert numbers([["window", value] for value, _ in again.events(1)[0][1]["window"]]) == [99]


def test_who_was_further_than_this_replica_waits_for_it(live, topics):
    out, running = live
    first = Returning(running.port)
    snapshot = first.events(1)[0]
    tag, _, offsets = snapshot[-1].partition(":")
    ahead = ",".join(str(int(offset) + 1) for offset in offsets.split(","))
    past = {"pid": first.joined["pid"], "offset": f"{tag}:{ahead}"}
    # Each partition has a record that it has got already, and then one that it has not.
    client = threading.Thread(target=lambda: found.append(Returning(running.port, past)))
    found = []
    client.start()
    time.sleep(0.5)
    assert found == []
    for n in range(40):
        topics.write(out, {"n": n}, key=f"k{n}")
    client.join(10)
    [again] = found
    assert again.joined == first.joined
    offsets = [0] * PARTITIONS
    wanted = set()
    witness = Returning(running.port, first.past(snapshot))
    for event in witness.early:
        if event[2]["offset"] >= int(ahead.split(",")[event[2]["partition"]]):
            wanted.add(event[1]["n"])
    got = numbers(again.early)
    while len(got) < len(wanted):
        got += numbers(again.events(1))
    assert sorted(got) == sorted(wanted)


def test_it_does_not_wait_for_ever(live):
    _, running = live
    first = Returning(running.port)
    snapshot = first.events(1)[0]
    tag = snapshot[-1].partition(":")[0]
    far = f"{tag}:" + ",".join(["1000000"] * PARTITIONS)
    began = time.monotonic()
    again = Returning(running.port, {"pid": first.joined["pid"], "offset": far}, timeout=20)
    assert time.monotonic() - began > 4
    assert again.joined["pid"] != first.joined["pid"]
    assert again.events(1)[0][0] == "snapshot"


def test_it_can_be_turned_off(emitter, topics, topic):
    out = topic("out")
    running = emitter(relay=f"{out}=window@/live", recovery_size="0")
    client = Returning(running.port, {"pid": "x" * 24, "offset": "o"})
    assert set(client.joined) == {"sid"}
    assert len(client.events(1)[0]) == 2
    topics.write(out, {"n": 1})
    assert [len(event) for event in client.events(2) if event[0] == "window"] == [3]


class Writer(threading.Thread):
    """Writes numbers at a steady pace."""

    def __init__(self, topics, topic, seconds):
        super().__init__()
        self._topics, self._topic, self._seconds, self.count = topics, topic, seconds, 0

    def run(self):
        until = time.monotonic() + self._seconds
        while time.monotonic() < until:
            self._topics.write(self._topic, {"n": self.count}, key=f"k{self.count % 13}")
            self.count += 1
            time.sleep(0.005)


def shown(client):
    """Every number a client of /live has got, in its snapshots and after them."""
    values = [n["n"] for n in client.received("window")]
    for snapshot in client.received("snapshot"):
        values += [value["n"] for value, _ in snapshot["window"]]
    return values


@pytest.mark.parametrize("transports", [("websocket",), ("polling", "websocket")])
def test_clients_that_are_moved_between_replicas_get_everything_once(
        emitter, topics, topic, run_dir, clients, wait_until, transports):
    """One replica is killed with -9 now and then, too."""
    out = topic("out", partitions=PARTITIONS)
    replicas = [emitter(relay=f"{out}=window@/live", name=f"replica-{i}") for i in range(2)]
    switch = Switch(replicas[0].port)
    url = f"http://127.0.0.1:{switch.port}/live"
    for number in range(5):
        client = node_client(f"client-{number}", url, run_dir, transports=transports,
                             events=("window", "snapshot"))
        clients.append(client.start())
    for client in clients:
        client.wait_ready()
    writer = Writer(topics, out, 8)
    writer.start()
    dice, at = random.Random(7), 0
    while writer.is_alive():
        time.sleep(dice.uniform(0.5, 1.5))
        if dice.random() < 0.4:
            replicas[at].kill()
            replicas[at].start()  # without waiting: clients are on the other meanwhile
        at = 1 - at
        switch.choose(replicas[at].port)
    wait_until(lambda: all(len(shown(client)) >= writer.count for client in clients),
               "everything at every client", 30, 0.5)
    for client in clients:
        assert sorted(shown(client)) == list(range(writer.count))
        states = [line for line in client.states() if line["state"] == "connect"]
        assert len(states) > 3 and all(state["recovered"] for state in states[1:])
    switch.stop()
