# SPDX-License-Identifier: Apache-2.0
"""Goal: a client that is slow on a relay with :drop is not disconnected, gets events in their
order, and is told of each gap how large it is. Method: a real emitter on a real Kafka, numbered
records, raw WebSockets that do not read for a while, and real clients that are stopped for a
while."""

import json
import signal
import sys

import pytest
from emitter_ends import Live, Member
from support import ROOT

sys.path.insert(0, str(ROOT / "tests" / "system"))

from clients import node_client, python_client  # noqa: E402

# More than the kernel's buffers take, so that most of it finds a client busy.
ROUNDS, FILL = 8_000, "y" * 2_000
LOST = "weir_client_events_dropped_total"


@pytest.fixture
def dropping(emitter, topic):
    """dropping(nsp): (the topic, an emitter that relays it there as n with :drop)."""
    def start(nsp, **options):
        out = topic("out")
        options = {"client_queue": "512KiB", "history_size": "64KiB", "drop_size": "128KiB",
                   "ping_interval": "1h", **options}
        return out, emitter(relay=f"{out}=n@{nsp}:drop", **options)
    return start


def write_much(topics, out, keys="abcdefg"):
    for n in range(ROUNDS):
        topics.write(out, {"n": n, "fill": FILL}, key=keys[n % len(keys)])


class Account:
    """What a client was sent, held against what there was for it."""

    def __init__(self, expected):
        self.expected, self.at, self.lost, self.told = list(expected), 0, 0, []

    def take(self, event, value):
        if event == "dropped":
            assert value["event"] == "n" and value["count"] > 0
            self.at += value["count"]
            self.lost += value["count"]
            self.told.append(value["count"])
        elif event == "n":
            assert value["n"] == self.expected[self.at], (self.at, self.told)
            self.at += 1

    @property
    def complete(self):
        return self.at == len(self.expected)


@pytest.mark.parametrize("nsp", ["/", "/live"])
def test_every_gap_is_told(dropping, topics, wait_until, nsp):
    out, running = dropping(nsp)
    slow = Member(running.port, "" if nsp == "/" else nsp, first=False)
    write_much(topics, out)
    wait_until(lambda: running.metrics()[f'weir_records_in_total{{topic="{out}"}}'] == ROUNDS,
               "all records")
    account = Account(range(ROUNDS))
    while not account.complete:
        name, value, *meta = slow.next()
        account.take(name, value)
        assert name != "n" or len(meta) == (nsp != "/")  # no offset
    assert account.lost > 1_000
    assert account.lost < ROUNDS - 128 * 1024 // len(FILL) / 2  # the newest of them were sent
    wait_until(lambda: running.metrics()[LOST] == account.lost, "the same in the metrics")
    assert running.metrics()['weir_clients_closed_total{reason="too_slow"}'] == 0
    topics.write(out, {"n": ROUNDS})  # and from here on every one
    assert slow.until(lambda e: e[0] != "totals")[:2] == ["n", {"n": ROUNDS}]


def test_who_is_quick_loses_nothing(dropping, topics):
    out, running = dropping("/live")
    quick, _slow = Live(running.port), Live(running.port)
    for n in range(ROUNDS):
        topics.write(out, {"n": n, "fill": FILL})
        if n % 50 == 49:
            got = [quick.until(lambda e: e[0] not in ("totals", "snapshot"), "n")
                   for _ in range(50)]
            assert [(e[0], e[1].get("n")) for e in got] == [("n", m) for m in range(n - 49, n + 1)]
    assert running.metrics()['weir_clients{transport="websocket"}'] == 2


def test_a_client_is_told_of_its_own_keys(dropping, topics, wait_until):
    out, running = dropping("/live")
    slow = Member(running.port, keys=["a", "b", "c", "d"])
    write_much(topics, out)
    wait_until(lambda: running.metrics()[f'weir_records_in_total{{topic="{out}"}}'] == ROUNDS,
               "all records")
    account = Account(n for n in range(ROUNDS) if n % 7 < 4)
    while not account.complete:
        account.take(*slow.next()[:2])
    assert account.lost > 500
    wait_until(lambda: running.metrics()[LOST] == account.lost, "the same in the metrics")


def test_keys_may_change_while_it_is_slow(dropping, topics, wait_until):
    """What it did without is of the keys it had then."""
    out, running = dropping("/live", client_queue="1MiB")
    slow = Member(running.port, keys=["a"])
    write_much(topics, out, keys="ab")
    wait_until(lambda: running.metrics()[f'weir_records_in_total{{topic="{out}"}}'] == ROUNDS,
               "all records")
    slow.socket.send('42/live,1["subscribe",["b"]]')
    slow.socket.send('42/live,2["unsubscribe",["a"]]')
    account, answers = Account(range(0, ROUNDS, 2)), []
    while len(answers) < 2:
        packet = slow.socket.receive()
        if packet.startswith("42"):
            account.take(*json.loads(packet.removeprefix("42/live,"))[:2])
        else:
            answers.append(packet)
    assert account.complete and account.lost > 500
    assert answers == ['43/live,1[{"keys":["a","b"]}]', '43/live,2[{"keys":["b"]}]']
    topics.write(out, {"n": -1}, key="a")
    topics.write(out, {"n": -2}, key="b")
    assert slow.next_event("n")[1] == {"n": -2}


def test_a_relay_beside_it_keeps_its_own_rule(emitter, topics, topic, wait_until):
    """For events that must not be lost the client is disconnected."""
    out, other = topic("out"), topic("other")
    running = emitter(relay=[f"{out}=n@/live:drop", f"{other}=window@/live"], ping_interval="1h",
                      client_queue="1MiB", history_size="64KiB", drop_size="128KiB")
    slow = Member(running.port)
    write_much(topics, out)
    for n in range(100):
        topics.write(other, {"n": n, "fill": FILL * 10})
    wait_until(lambda: running.metrics()['weir_clients_closed_total{reason="too_slow"}'] == 1,
               "its end")
    assert slow.first[0] == "snapshot"  # it was there until then


@pytest.mark.alone  # beside others a client may come back too late for its connection
@pytest.mark.parametrize("kind, transport", [
    ("node", "websocket"), ("node", "polling"), ("python", "websocket")])
def test_a_real_client_that_stands_still(dropping, topics, clients, run_dir, wait_until, kind,
                                         transport):
    """python-socketio hands each event to a thread of its own, so there the order says nothing;
    over polling it disconnects when more than 16 come at once."""
    out, running = dropping("/")
    make, way = (node_client, {"transports": [transport]}) if kind == "node" else \
        (python_client, {"transport": transport})
    client = make(kind, f"http://127.0.0.1:{running.port}/", run_dir, events=("n", "dropped"),
                  **way)
    clients.append(client.start())
    client.wait_ready()
    client.signal(signal.SIGSTOP)
    write_much(topics, out)
    wait_until(lambda: running.metrics()[f'weir_records_in_total{{topic="{out}"}}'] == ROUNDS,
               "all records")
    client.signal(signal.SIGCONT)

    def received():
        return [value["n"] for value in client.received("n")]

    def lost():
        return sum(value["count"] for value in client.received("dropped"))
    wait_until(lambda: len(received()) + lost() == ROUNDS, "all of it", 60, 1)
    assert lost() > 100 and len(set(received())) == len(received())
    if kind == "node":
        account = Account(range(ROUNDS))
        for line in client.lines():
            if "event" in line:
                account.take(line["event"], line["arguments"][0])
    assert len([s for s in client.states() if s["state"] == "connect"]) == 1
