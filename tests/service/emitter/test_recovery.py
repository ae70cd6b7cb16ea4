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
from confluent_kafka import Producer
from emitter_ends import Live
from replicas import Switch
from socketio_wire import WebSocket
from support import ROOT

sys.path.insert(0, str(ROOT / "tests" / "system"))

from clients import node_client  # noqa: E402

PARTITIONS = 4


class Returning:
    """A raw client of /live that says what socket.io-client says when it comes back.

    `joined`: the answer to its CONNECT. `resent`: the events that came before the first others."""

    def __init__(self, port, auth=None, timeout=10):
        self.socket = WebSocket(port)
        self.socket.raw.settimeout(timeout)
        self.socket.open_packet()
        self.socket.send("40/live," + (json.dumps(auth) if auth is not None else ""))
        packet = self.socket.receive()
        assert packet.startswith("40/live,"), packet
        self.joined = json.loads(packet.removeprefix("40/live,"))
        self.resent = []
        while (event := self.next())[0] == "window":
            self.resent.append(event)
        self.first = event  # a new client's snapshot, or totals

    def next(self):
        return json.loads(self.socket.receive().removeprefix("42/live,"))

    def window(self):
        """The next event of a record."""
        while (event := self.next())[0] != "window":
            pass
        return event

    def past(self, last_event):
        return {"pid": self.joined["pid"], "offset": last_event[-1]}


@pytest.fixture
def live(emitter, topics, topic):
    """(the topic, an emitter that relays it to /live)."""
    out = topic("out", partitions=PARTITIONS)
    return out, emitter(relay=f"{out}=window@/live")


def numbers(events):
    return [event[1]["n"] for event in events if event[0] == "window"]


def test_who_comes_back_gets_what_it_missed(live, topics):
    out, running = live
    first = Returning(running.port)
    assert first.first[0] == "snapshot" and set(first.joined) == {"sid", "pid"}
    topics.write(out, {"n": 1}, key="a")
    topics.write(out, {"n": 2}, key="b")
    one, two = first.window(), first.window()
    first.socket.close()
    topics.write(out, {"n": 3}, key="a")
    topics.write(out, {"n": 4}, key="c")
    Live(running.port).until(lambda e: e[:2] == ["totals", {"window": 4}], "all of them")

    for past, missing in ((first.first, {1, 2, 3, 4}), (one, {1, 2, 3, 4} - {one[1]["n"]}),
                          (two, {3, 4})):
        again = Returning(running.port, first.past(past))
        assert len(again.resent) == len(missing) and set(numbers(again.resent)) == missing
        assert again.joined == first.joined
        assert again.first[:2] == ["totals", {"window": 4}]
    topics.write(out, {"n": 5}, key="d")  # and it goes on from there
    assert again.window()[1] == {"n": 5}


def test_every_event_is_an_offset(live, topics):
    """Whichever event was the last, what comes after it is what is missing."""
    out, running = live
    first = Returning(running.port)
    for n in range(30):
        topics.write(out, {"n": n}, key=f"k{n}")
    got = [first.first] + [first.window() for _ in range(30)]
    for last, event in enumerate(got):
        again = Returning(running.port, first.past(event))
        assert numbers(again.resent) == numbers(got[last + 1:])
        # What is sent again says the same, so one may come back in the middle of that, too.
        assert [e[-1] for e in again.resent] == [e[-1] for e in got[last + 1:]]


def test_the_ends_of_transactions_cost_nobody_anything(emitter, kafka, topics, topic, unique,
                                                       wait_until):
    """They take offsets and are never read, and a replica that starts later begins behind them."""
    out = topic("out")
    running = emitter(relay=f"{out}=window@/live", history="2s")
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers,
                         "transactional.id": unique("producer")})
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(out, json.dumps({"n": 1}))
    producer.commit_transaction(10)
    first = Returning(running.port)
    while not first.first[-1].endswith(":2"):
        first.first = first.next()
    time.sleep(2)  # the record is beyond what a replica reads at its start
    other = emitter(relay=f"{out}=window@/live", history="2s", name="other")
    again = Returning(other.port, first.past(first.first))
    assert again.joined == first.joined and again.resent == []
    topics.write(out, {"n": 2})
    assert again.window()[1] == {"n": 2}
    back = Returning(running.port, first.past(first.first))
    assert back.joined == first.joined
    assert (numbers(back.resent) or numbers([back.window()])) == [2]  # it may read it just now


@pytest.mark.parametrize("auth", [
    {}, {"pid": "x" * 24}, {"pid": 7, "offset": "o"}, {"pid": "x" * 24, "offset": "garbage"},
    {"pid": "x" * 24, "offset": 7}, {"pid": "", "offset": ""}, {"pid": "é" * 24, "offset": "o"},
    {"pid": "y" * 25, "offset": "kept"}, {"offset": "kept"}, {"pid": "x" * 24, "offset": None}])
def test_who_has_nothing_to_come_back_with_is_new(live, topics, auth):
    out, running = live
    topics.write(out, {"n": 1})
    kept = Returning(running.port).first[-1]
    auth = {name: kept if value == "kept" else value for name, value in auth.items()}
    client = Returning(running.port, auth)
    assert client.first[0] == "snapshot" and client.joined["pid"] != auth.get("pid")


def test_a_replica_with_other_topics_gives_a_snapshot(live, emitter, topics, topic):
    out, running = live
    first = Returning(running.port)
    snapshot = first.first
    other = emitter(relay=[f"{out}=window@/live", f"{topic('late')}=late@/live"], name="other")
    again = Returning(other.port, first.past(snapshot))
    assert again.joined["pid"] != first.joined["pid"]
    assert again.first[0] == "snapshot"


def test_who_has_missed_too_much_gets_a_snapshot(emitter, topics, topic):
    out = topic("out")
    running = emitter(relay=f"{out}=window@/live", recovery_size="4KiB", history_records=1)
    first = Returning(running.port)
    topics.write(out, *({"n": n, "x": "y" * 100} for n in range(100)))
    Live(running.port).until(lambda e: e[:2] == ["totals", {"window": 100}], "all of them")
    again = Returning(running.port, first.past(first.first))
    assert again.first[0] == "snapshot" and again.joined["pid"] != first.joined["pid"]
    assert [value["n"] for value, _ in again.first[1]["window"]] == [99]


def test_who_was_further_than_this_replica_waits_for_it(emitter, topics, topic):
    out = topic("out")
    running = emitter(relay=f"{out}=window@/live")
    first = Returning(running.port)
    tag, _, offset = first.first[-1].partition(":")
    past = {"pid": first.joined["pid"], "offset": f"{tag}:{int(offset) + 1}"}
    found = []
    client = threading.Thread(target=lambda: found.append(Returning(running.port, past)))
    client.start()
    time.sleep(0.5)
    assert found == []
    topics.write(out, {"n": 1}, {"n": 2}, {"n": 3})  # the first of which it has got already
    client.join(10)
    [again] = found
    assert again.joined == first.joined
    got = numbers(again.resent)
    while len(got) < 2:
        got.append(again.window()[1]["n"])
    assert got == [2, 3]


def test_it_does_not_wait_for_ever(live):
    _, running = live
    first = Returning(running.port)
    tag = first.first[-1].partition(":")[0]
    far = f"{tag}:" + ",".join(["1000000"] * PARTITIONS)
    began = time.monotonic()
    again = Returning(running.port, {"pid": first.joined["pid"], "offset": far}, timeout=20)
    assert time.monotonic() - began > 4
    assert again.joined["pid"] != first.joined["pid"] and again.first[0] == "snapshot"


def test_too_many_partitions_are_said_and_give_snapshots(emitter, topic):
    out = topic("out", partitions=101)
    running = emitter(relay=f"{out}=window@/live")
    assert "too many partitions" in running.log_text()
    first = Returning(running.port)
    assert len(first.first) == 2  # no offset
    again = Returning(running.port, {"pid": first.joined["pid"], "offset": "kept"})
    assert again.joined["pid"] != first.joined["pid"] and again.first[0] == "snapshot"


def test_it_can_be_turned_off(emitter, topics, topic):
    out = topic("out")
    running = emitter(relay=f"{out}=window@/live", recovery_size="0")
    client = Returning(running.port, {"pid": "x" * 24, "offset": "o"})
    assert set(client.joined) == {"sid"} and len(client.first) == 2
    topics.write(out, {"n": 1})
    assert len(client.window()) == 3


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
    """One replica is killed with -9 now and then, too. A client that is cut off in the middle of
    its upgrade notices by the pings that do not come, hence their short interval."""
    out = topic("out", partitions=PARTITIONS)
    replicas = [emitter(relay=f"{out}=window@/live", name=f"replica-{i}", ping_interval="1s",
                        ping_timeout="2s") for i in range(2)]
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
        other = replicas[1 - at].wait_ready()
        if dice.random() < 0.4:
            replicas[at].kill()
            replicas[at].start()
        at = 1 - at
        switch.choose(other.port)
    wait_until(lambda: all(len(shown(client)) >= writer.count for client in clients),
               "everything at every client", 30, 0.5)
    for client in clients:
        assert sorted(shown(client)) == list(range(writer.count))
        states = [line for line in client.states() if line["state"] == "connect"]
        assert len(states) > 3 and all(state["recovered"] for state in states[1:])
    switch.stop()
