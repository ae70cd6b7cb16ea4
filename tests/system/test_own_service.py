# SPDX-License-Identifier: Apache-2.0
"""Goal: a service is replaced by one in another language while the system runs, and nobody notices.
Method: the examples of docs/your-own-service.md take the place of the bridge and of the aggregator
and give it back, while devices go on publishing. Every reading has to be on the input topic, every
mean has to be the oracle's, and every record has to be what docs/asyncapi.yaml says.
"""

import os
import signal
import sys

from clients import node_client
from confluent_kafka import Consumer, TopicPartition
from contracts import Broken, Contract, Judge
from exactness import PREFIX, as_cards, card, check_exact, originals
from mqtt_ends import publish
from oracle import read_topic, results
from support import ROOT
from weir_local import Process

EXAMPLES = ROOT / "examples" / "python"
UTC = {**os.environ, "TZ": "UTC"}
TOPICS = ("input", "output", "late", "dead-letter")


def example(name, arguments, run_dir):
    return Process(f"python-{name}", [sys.executable, EXAMPLES / f"{name}.py", *arguments], run_dir)


def records(system, topic):
    return read_topic(system.bootstrap_servers, f"{PREFIX}-{topic}")


def of_python(found):
    return [r for r in found if r.headers["weir-origin"].startswith("python-")]


def is_at_the_end(system, group):
    """Whether the group has committed all there is on the input topic."""
    consumer = Consumer({"bootstrap.servers": system.bootstrap_servers, "group.id": group})
    try:
        topic = consumer.list_topics(f"{PREFIX}-input", 10).topics[f"{PREFIX}-input"]
        places = [TopicPartition(topic.topic, partition) for partition in topic.partitions]
        return all(max(place.offset, 0) == consumer.get_watermark_offsets(place, 10)[1]
                   for place in consumer.committed(places, 10))
    finally:
        consumer.close()


def judge_records(system):
    """Whoever wrote them, all records are as the document says. Returns how many have no reading
    in them."""
    judge, refused = Judge(Contract(), "kafka"), 0
    for topic in TOPICS:
        for record in records(system, topic):
            try:
                judge.name(f"{PREFIX}-{topic}", record.value, record.key, record.headers)
            except Broken:
                assert topic == "input"
                refused += 1
    return refused


def test_a_bridge_in_python_takes_over_and_gives_back(system, clients, run_dir, wait_until):
    window, grace = 2, 10
    running = system(environ=UTC, options={
        "aggregator": {"window": f"{window}s", "grace": f"{grace}s"},
        # In order, so that a reading that is missing or comes twice is seen.
        "device-simulator": {"payload": "json", "qos": "1", "interval": "25ms",
                             "delay-share": "0"}})
    bridge, port = running["mqtt-bridge"], running.ports["mqtt"]
    python = example("mqtt_bridge", ["127.0.0.1", port, running.bootstrap_servers, "mqtt-bridge"],
                     run_dir)
    clients.append(python)
    sent = []

    def kitchen(count):
        numbers = [float(n) for n in range(len(sent), len(sent) + count)]
        publish(port, f"{PREFIX}/kitchen", *map(str, numbers))
        sent.extend(numbers)

    def arrived():
        return [r.json()["data"] for r in records(running, "input") if r.key == "kitchen"]

    def wait_for_all(origin):
        wait_until(lambda: set(arrived()) == set(sent), "every reading of the kitchen")
        newest = [r for r in records(running, "input") if r.key == "kitchen"][-1]
        assert newest.headers["weir-origin"].startswith(origin)

    # As with compose: one is stopped, the other started, and the same backwards.
    kitchen(10)
    bridge.stop()
    kitchen(10)  # nobody is there
    python.start()
    kitchen(10)
    wait_for_all("python-bridge/")
    publish(port, f"{PREFIX}/kitchen", "nan", b"\xff", "", "{", '{"data":Infinity}', "x" * 950_000)
    wait_until(lambda: len(records(running, "dead-letter")) >= 6, "dead letters of the example")
    python.stop()
    kitchen(10)
    bridge.start().wait_ready()
    kitchen(10)
    wait_for_all("mqtt-bridge/")

    # As with `make run`, which would start it again: it is frozen; and the example is killed.
    bridge.signal(signal.SIGSTOP)
    kitchen(10)
    python.start()
    kitchen(10)
    wait_for_all("python-bridge/")
    python.kill()
    kitchen(10)
    bridge.signal(signal.SIGCONT)
    wait_until(bridge.ready, "the bridge's session")
    kitchen(10)
    wait_for_all("mqtt-bridge/")

    assert list(dict.fromkeys(arrived())) == sent, "in order, repetitions apart"
    for device in ("device1", "device2"):
        carried = [r for r in records(running, "input") if r.key == device]
        numbers = [r.json()["seq"] for r in carried]
        assert list(dict.fromkeys(numbers)) == list(range(1, max(numbers) + 1))
        assert 0 < len(of_python(carried)) < len(carried)
    assert judge_records(running) == 0
    wait_until(lambda: len(records(running, "output")) >= 6, "results")
    check_exact(running, window, grace)


def test_an_aggregator_in_python_takes_over_and_gives_back(system, clients, run_dir, wait_until):
    window, grace = 1, 2
    running = system(environ=UTC, options={
        "aggregator": {"window": f"{window}s", "grace": f"{grace}s"},
        "device-simulator": {"payload": "json", "qos": "1", "interval": "25ms", "late-by": "10s",
                             "late-share": "0.02", "delay-share": "0.2", "delay-max": "2s"}})
    aggregator, devices = running["aggregator"], running["device-simulator"]
    python = example("aggregator", [running.bootstrap_servers, window, grace], run_dir)
    screen = node_client("screen", running.url, run_dir)
    clients += [python, screen]
    screen.start().wait_ready()
    broken = 0

    def wait_for_results(count=4):
        goal = len(records(running, "output")) + count
        wait_until(lambda: len(records(running, "output")) >= goal, "results")

    def settle(group):
        """Stops the devices and waits until everything they sent has its fate."""
        nonlocal broken
        devices.stop()
        publish(running.ports["mqtt"], f"{PREFIX}/device1", '{"data":"7"}')  # the last to arrive
        broken += 1
        wait_until(lambda: len(originals(records(running, "dead-letter"))) == broken, "dead letter")
        wait_until(lambda: is_at_the_end(running, group), f"end of the input for {group}")

    # As with `make run`: it is frozen. Where compose stops it, it has committed what it had begun.
    wait_for_results()
    aggregator.signal(signal.SIGSTOP)
    python.start()
    wait_for_results()
    wait_until(lambda: of_python(records(running, "late")), "a late reading")
    settle("python-aggregator")
    averages = check_exact(running, window, grace, settled=True)  # none missing, none twice
    cards = as_cards(averages).values()
    written = [card(*window, average) for window, average in
               results(of_python(records(running, "output"))).items()]
    wait_until(lambda: all(item in screen.received() for item in written), "them on the screen")
    assert all(item in cards for item in screen.received())

    # Killed at any instant it may repeat what it had not committed.
    devices.start().wait_ready()
    wait_for_results(1)
    python.kill()
    python.start()
    wait_for_results()
    settle("python-aggregator")
    check_exact(running, window, grace, settled=True, repeated=True)

    # The original goes on where it stopped: the windows since then come again, with the same means.
    python.stop()
    devices.start().wait_ready()
    aggregator.signal(signal.SIGCONT)
    wait_for_results(len(of_python(records(running, "output"))) + 4)
    settle("aggregator")
    check_exact(running, window, grace, settled=True, repeated=True)
    assert judge_records(running) == broken
