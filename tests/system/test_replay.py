# SPDX-License-Identifier: Apache-2.0
"""Goal: docs/replay.md does what it says. Method: its own files and commands, on a real Kafka, with
nothing changed but addresses; the rows that must differ, and what must be there after the swap, are
worked out by the oracle from the input."""

import json
import os
import random
import re
import subprocess
from datetime import datetime, timedelta

import oracle
import pytest
import weir_local
from clients import node_client
from confluent_kafka import Producer
from support import ROOT, create_topic, wait_until
from weir_local import Process

WINDOW_S, LIVE_GRACE_S, NEXT_GRACE_S = 15, 15, 2
START = datetime(2024, 10, 7, 12)


def blocks(language):
    text = (ROOT / "docs" / "replay.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


class Walk:
    """Someone who follows the page in a folder of their own."""

    def __init__(self, run_dir, bin_dir, kafka, places):
        self._run_dir, self._places = run_dir, {"localhost:9092": kafka.bootstrap_servers, **places}
        self._env = {**os.environ, "PATH": f"{bin_dir}:{os.environ['PATH']}"}
        for text in blocks("toml"):
            name = re.match(r"# (\S+)\n", text)[1]
            (run_dir / name).write_text(self._here(text))
        self._commands = iter(blocks("sh"))
        self._last = None

    def _here(self, text):
        for written, real in self._places.items():
            text = text.replace(written, real)
        return text

    def run(self):
        """The next block, to its end: (exit code, output)."""
        self._last = next(self._commands)
        return self.again({})

    def again(self, changes):
        """The last block once more, with other words."""
        text = self._last
        for word, other in changes.items():
            assert word in text
            text = text.replace(word, other)
        done = subprocess.run(["bash", "-c", self._here(text)], cwd=self._run_dir,
                              env=self._env, text=True, timeout=120, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        print(done.stdout)
        return done.returncode, done.stdout

    def start(self, name):
        """The next block, which does not end."""
        return self.go(name, next(self._commands))

    def go(self, name, command):
        return Process(name, ["bash", "-c", f"cd {self._run_dir} && exec {self._here(command)}"],
                       self._run_dir, env=self._env).start()


@pytest.fixture
def kafka(run_dir):
    broker = weir_local.Kafka(run_dir).start().wait_ready()
    yield broker
    broker.stop()


@pytest.fixture
def walk(run_dir, bin_dir, kafka, free_port):
    places = {f"127.0.0.1:{port}": f"127.0.0.1:{free_port()}" for port in (8094, 5001)}
    walk = Walk(run_dir, bin_dir, kafka, places)
    walk.page = "http://" + places["127.0.0.1:5001"]
    for topic in ("readings", "means", "means-late", "means-dead"):
        create_topic(kafka.bootstrap_servers, topic, 4)
    return walk


def readings(begin_s, count, dice):
    """Twenty devices, ten readings a second, most in order and some up to 12 s old."""
    for number in range(count):
        seconds = begin_s + number / 10
        if dice.random() < 0.05:
            seconds -= dice.uniform(3, 12)
        moment = START + timedelta(seconds=round(seconds, 3))
        yield {"timestamp": moment.isoformat(" "), "device_name": f"device{dice.randrange(20)}",
               "data": round(dice.uniform(0, 999), 2)}


def produce(kafka, values):
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers,
                         "partitioner": "murmur2_random"})
    for value in values:
        producer.produce("readings", key=value["device_name"], value=json.dumps(value))
        producer.poll(0)
    assert producer.flush(30) == 0


def expected(kafka, grace_s):
    return oracle.expected(oracle.read_topic(kafka.bootstrap_servers, "readings"), WINDOW_S,
                           grace_s).averages


def await_results(kafka, topic, grace_s):
    """The rows are what the oracle says, once each, or come to it."""
    wanted = expected(kafka, grace_s)
    wait_until(lambda: len(oracle.read_topic(kafka.bootstrap_servers, topic)) >= len(wanted),
               f"{len(wanted)} rows in {topic}", 60, 0.3)
    assert oracle.results(oracle.read_topic(kafka.bootstrap_servers, topic)) == wanted
    return wanted


def different(text):
    """{(device, start, end)} of the rows that the comparison names."""
    found = re.findall(r'^(?:different|only in \S+): key "([^"]*)" window (\S+?)/(\S+?):? ', text,
                       re.MULTILINE)
    return set(found)


def test_the_page_does_what_it_says(walk, kafka, run_dir, clients):
    dice = random.Random(8)
    live = walk.go("live", "aggregator --config live.toml --admin off")
    produce(kafka, readings(60, 3_000, dice))
    await_results(kafka, "means", LIVE_GRACE_S)
    assert walk.run()[0] == 0  # the topics

    # The same options: no row differs.
    code, text = walk.run()
    assert code == 0 and different(text) == set(), text
    # Nor by another version.
    create_topic(kafka.bootstrap_servers, "means-next", 4)
    code, text = walk.again({"aggregator --config": "aggregator-next --config",
                             "means-again": "means-next"})
    assert code == 0 and different(text) == set(), text

    # Others: those rows differ that the oracle says.
    second = walk.start("second")
    before = await_results(kafka, "means-2", NEXT_GRACE_S)
    code, text = walk.run()
    now = expected(kafka, LIVE_GRACE_S)
    differing = {row for row in now.keys() | before.keys() if now.get(row) != before.get(row)}
    assert code == 1 and different(text) == differing and len(differing) > 10, text

    # The swap: the readers, then the end of the first. Readings go on coming all the time.
    produce(kafka, readings(500, 500, dice))
    emitter = walk.start("emitter")
    wait_until(lambda: answers(walk.page), "the emitter", 30, 0.2)
    client = node_client("reader", walk.page + "/live", run_dir, events=("window", "snapshot"))
    clients.append(client.start())
    client.wait_ready()
    assert live.stop() == 0
    produce(kafka, readings(550, 500, dice))
    wanted = await_results(kafka, "means-2", NEXT_GRACE_S)
    wait_until(lambda: shown(client) == wanted, "every row at the reader", 30, 0.3)
    for process in (emitter, second):
        assert process.stop() == 0


def answers(url):
    return subprocess.run(["curl", "-sf", f"{url}/socket.io/?EIO=4&transport=polling"],
                          stdout=subprocess.DEVNULL).returncode == 0


def shown(client):
    """{(device, start, end): average} of what the client has got, in its snapshot and after it."""
    values = client.received("window")
    for snapshot in client.received("snapshot"):
        values += [value for value, _ in snapshot["window"]]
    return {(v["device_name"], v["window"]["start"], v["window"]["end"]): v["average"]
            for v in values}
