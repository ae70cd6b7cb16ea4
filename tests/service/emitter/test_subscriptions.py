# SPDX-License-Identifier: Apache-2.0
"""Goal: a client that wants some keys gets the events of just these, from the first to the last,
however it says so and wherever it comes back. Method: a real emitter on a real Kafka, raw
WebSockets and real clients, records of known keys."""

import random
import sys
import time

import pytest
from emitter_ends import Live, Member
from replicas import Switch
from support import ROOT

sys.path.insert(0, str(ROOT / "tests" / "system"))

from clients import node_client  # noqa: E402

SUBSCRIBED = "weir_clients_subscribed"


@pytest.fixture
def live(emitter, topics, topic):
    """(the topic, an emitter that relays it to /live)."""
    out = topic("out", partitions=4)
    return out, emitter(relay=f"{out}=window@/live")


def write_all(topics, out, numbers, keys="abc"):
    for n in numbers:
        topics.write(out, {"n": n}, key=keys[n % len(keys)])


def numbers(snapshot, event="window"):
    return [value["n"] for value, _ in snapshot[event]]


def test_who_connects_with_keys_gets_just_these(live, topics):
    out, running = live
    write_all(topics, out, range(6))
    Live(running.port).totals(window=6)
    client = Member(running.port, keys=["a", "c", "unknown"])
    name, snapshot, keys, offset = client.first
    assert (name, keys) == ("snapshot", ["a", "c", "unknown"]) and ":" in offset
    assert sorted(numbers(snapshot)) == [0, 2, 3, 5]
    assert client.next()[:2] == ["totals", {"window": 6}]
    write_all(topics, out, range(6, 12))
    assert sorted(client.next_event()[1]["n"] for _ in range(4)) == [6, 8, 9, 11]
    assert client.until(lambda e: e[0] == "totals" and e[1]["window"] == 12)


def test_nobody_else_notices(live, topics):
    out, running = live
    everything, some, none = Live(running.port), Member(running.port, keys=["a"]), \
        Member(running.port, keys=[])
    write_all(topics, out, range(30))
    assert everything.snapshot() == {"window": []}
    got = []
    while len(got) < 30:
        event = everything.next()
        got += [event[1]["n"]] if event[0] == "window" else []
    assert sorted(got) == list(range(30))
    assert sorted(some.next_event()[1]["n"] for _ in range(10)) == list(range(0, 30, 3))
    none.until(lambda e: e[0] == "totals" and e[1]["window"] == 30)
    assert all(event[0] != "window" for event in none.events)


def test_keys_are_chosen_while_connected(live, topics):
    out, running = live
    client = Member(running.port)
    assert client.first[:2] == ["snapshot", {"window": []}] and len(client.first) == 3
    write_all(topics, out, range(3))
    assert sorted(client.next_event()[1]["n"] for _ in range(3)) == [0, 1, 2]
    # It has got all of it, so no snapshot comes.
    assert client.ask("subscribe", ["b", "b"]) == ([], {"keys": ["b"]})
    write_all(topics, out, range(3, 6))
    client.until(lambda e: e[0] == "totals" and e[1]["window"] == 6)
    assert [e[1]["n"] for e in client.events if e[0] == "window"][3:] == [4]
    # Of a key that it did not get, the past comes first.
    came, answer = client.ask("subscribe", ["c", "b"])
    assert answer == {"keys": ["b", "c"]}
    [(name, snapshot, keys, offset)] = came
    assert (name, keys, sorted(numbers(snapshot))) == ("snapshot", ["c"], [2, 5])
    write_all(topics, out, range(6, 9))
    assert sorted(client.next_event()[1]["n"] for _ in range(2)) == [7, 8]
    assert client.ask("unsubscribe", ["b"]) == ([], {"keys": ["c"]})
    assert client.ask("unsubscribe", ["c", "never"]) == ([], {"keys": []})
    write_all(topics, out, range(9, 12))
    client.until(lambda e: e[0] == "totals" and e[1]["window"] == 12)
    assert client.ask("subscribe", ["a"])[1] == {"keys": ["a"]}


def test_mistakes_are_answered_and_change_nothing(emitter, topic, topics):
    out = topic("out")
    running = emitter(relay=f"{out}=window@/live", client_keys=2)
    client = Member(running.port)
    assert client.ask("unsubscribe", ["a"])[1] == {
        "error": "expected a subscribe first: this client gets all keys it may see"}
    for args, word in (('"a"', "a string"), ("", "one list"), ('["a"],["b"]', "one list"),
                       ("[1]", "a number in it"), ('["a","b","c"]', "more than 2 keys")):
        assert word in client.ask_raw("subscribe", args)[1]["error"]
    topics.write(out, {"n": 1}, key="z")
    assert client.next_event()[1] == {"n": 1}
    assert client.ask("subscribe", ["a", "b"])[1] == {"keys": ["a", "b"]}
    assert client.ask("subscribe", ["c"])[1] == {
        "error": "expected at most 2 keys in all, got 3"}
    topics.write(out, {"n": 2}, key="c")
    topics.write(out, {"n": 3}, key="b")
    assert client.next_event()[1] == {"n": 3}


@pytest.mark.parametrize("auth, word", [
    ({"keys": "a"}, "a string"), ({"keys": {"a": 1}}, "an object"),
    ({"keys": ["a", 1]}, "a number"), ({"keys": ["a", "b", "c"]}, "more than 2 keys"),
    ({"keys": ["x" * 256]}, "255 bytes")])
def test_who_connects_with_other_than_keys_is_told(emitter, topic, auth, word):
    running = emitter(relay=f"{topic('out')}=window@/live", client_keys=2)
    refused = Member.refused(running.port, auth)
    assert refused["message"].startswith("auth.keys: expected a list of keys") \
        and word in refused["message"]


def test_subscribed_clients_are_counted(live, wait_until):
    _, running = live
    clients = [Member(running.port, keys=["a"]), Member(running.port, keys=[]),
               Member(running.port), Member(running.port)]
    clients[3].ask("subscribe", ["a", "b"])
    clients[3].ask("unsubscribe", ["a"])
    wait_until(lambda: running.metrics()[SUBSCRIBED] == 3, "three of them")
    clients[0].socket.close()
    clients[3].socket.close()
    wait_until(lambda: running.metrics()[SUBSCRIBED] == 1, "one of them")


def test_who_comes_back_with_its_keys_gets_what_it_missed_of_them(live, topics, emitter):
    out, running = live
    first = Member(running.port, keys=["a", "b"])
    write_all(topics, out, range(6))
    events = [first.next_event() for _ in range(4)]
    first.socket.close()
    write_all(topics, out, range(6, 12))
    Live(running.port).totals(window=12)
    other = emitter(relay=f"{out}=window@/live", name="other")
    for port in (running.port, other.port):
        again = Member(port, keys=["a", "b"], **first.past(events[-1]))
        assert again.joined == first.joined
        assert sorted(e[1]["n"] for e in again.resent) == [6, 7, 9, 10]
        assert again.first[:2] == ["totals", {"window": 12}]
        # Each says where it stands in all, and the totals have told of what is not for it.
        for event in again.resent + [again.first]:
            later = Member(port, keys=["a", "b"], **first.past(event))
            rest = [e[1]["n"] for e in again.resent]
            at = rest.index(event[1]["n"]) + 1 if event[0] == "window" else len(rest)
            assert sorted(e[1]["n"] for e in later.resent) == sorted(rest[at:])
    write_all(topics, out, range(12, 15))
    assert sorted(again.next_event()[1]["n"] for _ in range(2)) == [12, 13]


def test_the_offset_of_a_snapshot_of_new_keys_counts(live, topics):
    """Who loses its connection right after a subscribe has got the past of the new keys."""
    out, running = live
    client = Member(running.port, keys=["a"])
    write_all(topics, out, range(6))
    client.until(lambda e: e[0] == "totals" and e[1]["window"] == 6)
    [snapshot], _ = client.ask("subscribe", ["b"])
    assert sorted(numbers(snapshot[1])) == [1, 4]
    write_all(topics, out, range(6, 9))
    Live(running.port).totals(window=9)
    again = Member(running.port, keys=["a", "b"], **client.past(snapshot))
    assert sorted(e[1]["n"] for e in again.resent) == [6, 7]


def test_the_latest_of_its_keys(emitter, topics, topic):
    readings = topic("readings")
    write_all(topics, readings, range(9))
    running = emitter(relay=f"{readings}=reading@/live:latest")
    client = Member(running.port, keys=["b", "c"])
    assert client.first[:3] == ["snapshot", {}, ["b", "c"]]
    client.until(lambda e: e[0] == "totals")
    assert [client.next()[1]["n"] for _ in range(2)] == [7, 8]
    write_all(topics, readings, range(9, 12))
    assert [client.next_event("reading")[1]["n"] for _ in range(2)] == [10, 11]
    came, answer = client.ask("subscribe", ["a"])
    assert answer == {"keys": ["a", "b", "c"]}
    assert [e[0] for e in came] == ["snapshot", "reading"] and came[1][1] == {"n": 9}


def test_a_slow_client_gets_the_latest_of_its_keys(emitter, topics, topic, wait_until):
    out = topic("out")
    running = emitter(relay=f"{out}=reading@/live:latest", client_queue="256KiB",
                      history_size="64KiB", latest_size="128KiB", ping_interval="1h")
    slow = Member(running.port, keys=["k0", "k1", "k2"])
    rounds, fill = 8_000, "y" * 2_000
    for n in range(rounds):
        topics.write(out, {"n": n, "fill": fill}, key=f"k{n % 6}")
    wait_until(lambda: running.metrics()[f'weir_records_in_total{{topic="{out}"}}'] == rounds
               and running.metrics()["weir_client_volatile_dropped_total"] > 100,
               "readings that the client did without")
    got = {}
    while len(got) < 3 or min(last[-1] for last in got.values()) < rounds - 6:
        event = slow.next_event("reading")
        got.setdefault(event[2]["key"], []).append(event[1]["n"])
    assert set(got) == {"k0", "k1", "k2"}
    assert {last[-1] for last in got.values()} <= set(range(rounds - 6, rounds))
    assert all(numbers == sorted(set(numbers)) for numbers in got.values())


def test_keys_in_the_plain_namespace_change_nothing(emitter, topics, topic):
    out = topic("out")
    running = emitter(relay=f"{out}=emit")
    client = Member(running.port, nsp="", keys=["a"], first=False)
    topics.write(out, {"n": 1}, key="b")
    assert client.next() == ["emit", {"n": 1}]


def test_clients_that_are_moved_between_replicas_get_their_keys_once(
        emitter, topics, topic, run_dir, clients, wait_until):
    """Real clients with socket.auth.keys: the subscription is there after each reconnection."""
    out = topic("out", partitions=4)
    replicas = [emitter(relay=f"{out}=window@/live", name=f"replica-{i}", ping_interval="1s",
                        ping_timeout="2s") for i in range(2)]
    switch = Switch(replicas[0].port)
    url = f"http://127.0.0.1:{switch.port}/live"
    wanted = [["k0"], ["k1", "k7"], ["k2", "nobody"], None]
    for number, keys in enumerate(wanted):
        client = node_client(f"client-{number}", url, run_dir, transports=("websocket",),
                             events=("window", "snapshot"), auth=keys and {"keys": keys})
        clients.append(client.start())
    for client in clients:
        client.wait_ready()
    dice, at, count = random.Random(5), 0, 0
    until = time.monotonic() + 8
    move = time.monotonic() + 1
    while time.monotonic() < until:
        topics.write(out, {"n": count}, key=f"k{count % 13}")
        count += 1
        time.sleep(0.003)
        if time.monotonic() > move:
            replicas[1 - at].wait_ready()
            if dice.random() < 0.3:
                replicas[at].kill()
                replicas[at].start()
            at = 1 - at
            switch.choose(replicas[at].port)
            move = time.monotonic() + dice.uniform(0.5, 1.5)

    def shown(client):
        values = [value["n"] for value in client.received("window")]
        for snapshot in client.received("snapshot"):
            values += numbers(snapshot)
        return sorted(values)

    def expected(keys):
        return [n for n in range(count) if keys is None or f"k{n % 13}" in keys]
    for client, keys in zip(clients, wanted, strict=True):
        wait_until(lambda: len(shown(client)) >= len(expected(keys)), "all events", 30, 0.5)
        assert shown(client) == expected(keys)
        states = [line for line in client.states() if line["state"] == "connect"]
        assert len(states) > 3 and all(state["recovered"] for state in states[1:])
    switch.stop()
