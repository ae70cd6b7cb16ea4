# SPDX-License-Identifier: Apache-2.0
"""Goal: docs/asyncapi.yaml is what the services really do.
Method: the real system, from a simulated board to Socket.IO clients, with late, broken, repeated,
kept and oversized readings among the good ones. Every MQTT message, every record of every topic
and every event is judged, and every message of the document has to occur, gaps apart.
"""

import json
import os
import signal
from datetime import datetime, timedelta, timezone

from clients import node_client
from confluent_kafka import Producer
from contracts import Broken, Contract, Judge
from mqtt_ends import Listener, publish
from oracle import read_topic

PREFIX = "kafka-spark-integration"
UTC = {**os.environ, "TZ": "UTC"}
QUICK = {"aggregator": {"window": "2s", "grace": "1s", "idle": "1s"},
         "device-simulator": {"delay-share": "0"}}  # what is late is so on purpose
EVENTS = ("window", "partial", "late", "dead", "reading", "snapshot", "totals")


def ago(seconds):
    """A time as devices write it."""
    moment = datetime.now(timezone.utc) - timedelta(seconds=seconds)
    return str(moment.replace(tzinfo=None))


def good_readings():
    yield from ("12.5", " +.5e1\n", '{"data":7,"unit":"ppm"}')
    for time in (ago(0), ago(0).replace(" ", "T") + "Z", datetime.now(timezone.utc).timestamp()):
        yield json.dumps({"timestamp": time, "data": 7.25, "device_name": "kitchen"})
    yield json.dumps({"timestamp": ago(0), "device_name": "kitchen", "data": None})


DEAD_AT_THE_BRIDGE = ["nan", "1,5", "", "[1]", '{"data":NaN}', b"\xff\xfe", "x" * 950_000]
DEAD_AT_THE_AGGREGATOR = ['{"data":"7"}', '{"data":1e300}',
                          '{"data":1,"timestamp":"yesterday","device_name":"kitchen"}',
                          '{"data":1,"timestamp":"1969-12-31","device_name":"kitchen"}']


def send_everything(running, wait_until):
    """Readings of every kind, until each has reached its topic."""
    port, topic = running.ports["mqtt"], f"{PREFIX}/kitchen"
    publish(port, topic, *good_readings())
    publish(port, topic, *DEAD_AT_THE_BRIDGE, *DEAD_AT_THE_AGGREGATOR)
    publish(port, f"{PREFIX}/device2", json.dumps({"timestamp": ago(60), "data": 1.5}))
    publish(port, f"{PREFIX}/cellar", "3.5", retain=True)
    # So large that there is no room for the headers of a late record, or of a dead letter.
    large = Producer({"bootstrap.servers": running.bootstrap_servers, "message.max.bytes": 1048000,
                      "partitioner": "murmur2_random"})
    for time in (ago(60), "yesterday"):
        value = json.dumps({"timestamp": time, "device_name": "device2", "data": 1, "note": ""})
        large.produce(f"{PREFIX}-input", value[:-2] + "n" * (999_950 - len(value)) + value[-2:],
                      "device2", headers={"weir-origin": "test/host-1", "colour": "blue"})
    assert large.flush(10) == 0

    # A bridge that dies with messages on their way: the broker marks what it sends again.
    running["kafka"].signal(signal.SIGSTOP)
    publish(port, topic, "1", "2", "3")
    running["mqtt-bridge"].kill()
    running["kafka"].signal(signal.SIGCONT)
    running["mqtt-bridge"].start().wait_ready()

    def records(name):
        return read_topic(running.bootstrap_servers, f"{PREFIX}-{name}")
    dead = len(DEAD_AT_THE_BRIDGE) + len(DEAD_AT_THE_AGGREGATOR) + 1
    wait_until(lambda: len(records("dead-letter")) >= dead, f"{dead} dead letters")
    wait_until(lambda: len(records("late")) >= 2, "late readings")
    wait_until(lambda: {"kitchen", "cellar"} <= {r.key for r in records("output")}, "windows")
    wait_until(lambda: any("weir-maybe-duplicate" in r.headers for r in records("input")),
               "a repeated reading")


def judge_records(judge, servers):
    """Judges all records of all topics; returns [(name, record)] by topic. What is no reading on
    the input topic has no name."""
    judged = {}
    for topic in ("input", "output", "partial", "late", "dead-letter"):
        judged[topic] = []
        for record in read_topic(servers, f"{PREFIX}-{topic}"):
            try:
                name = judge.name(f"{PREFIX}-{topic}", record.value, record.key, record.headers)
            except Broken:
                if topic != "input":
                    raise
                name = None
            judged[topic].append((name, record))
    return judged


def where(record):
    """What the headers of a late record or a dead letter say about the original."""
    return int(record.headers["weir-partition"]), int(record.headers["weir-offset"])


def test_everything_that_travels_is_what_the_document_says(
        system, clients, run_dir, wait_until):
    contract = Contract()
    running = system(variant="firmware", environ=UTC, options=QUICK)
    listener = Listener(running.ports["mqtt"], PREFIX, run_dir)
    live = node_client("live", f"{running.url}live", run_dir, events=EVENTS)
    plain = node_client("plain", running.url, run_dir)
    clients += [listener, live, plain]
    for client in clients:
        client.start().wait_ready()
    for device in ("device1", "device2"):
        wait_until(lambda: any(window["device_name"] == device
                               for window in live.received("window")), f"window of {device}")
    send_everything(running, wait_until)
    wait_until(lambda: len(live.received("dead")) >= 12 and len(live.received("late")) >= 1,
               "events")

    kafka = Judge(contract, "kafka")
    judged = judge_records(kafka, running.bootstrap_servers)
    assert kafka.seen == {name for channel in contract.channels("kafka").values()
                          for name in channel["messages"]}

    # What the document calls no reading is exactly what the aggregator found none in.
    originals = {(r.partition, r.offset): r for _, r in judged["input"]}
    refused = {(r.partition, r.offset) for name, r in judged["input"] if name is None}
    assert refused == {where(r) for name, r in judged["dead-letter"] if name == "dead-record"}
    assert len(refused) > len(DEAD_AT_THE_AGGREGATOR)  # and some twice, since the bridge died
    for _, letter in judged["late"] + judged["dead-letter"]:
        if "weir-offset" not in letter.headers:
            continue
        original = originals[where(letter)]
        assert letter.key == original.key
        if "weir-original-bytes" in letter.headers:
            assert len(original.value) == int(letter.headers["weir-original-bytes"])
            assert original.value.startswith(letter.value)
        else:
            assert letter.value == original.value
            assert original.headers.items() - letter.headers.items() <= {
                ("weir-origin", original.headers["weir-origin"])}

    judge_messages(contract, listener.heard())
    judge_events(contract, {"/": plain, "/live": live})


def judge_messages(contract, heard):
    """What devices published: all is as the document says but what was broken on purpose."""
    judge, broken = Judge(contract, "mqtt"), []
    for topic, payload in heard:
        try:
            judge.name(topic, payload)
        except Broken:
            broken.append(payload)
    on_purpose = [text if isinstance(text, bytes) else text.encode()
                  for text in DEAD_AT_THE_BRIDGE + DEAD_AT_THE_AGGREGATOR]
    assert sorted(broken) == sorted(on_purpose)
    # A gap takes a full disk buffer; the serial-reader's own test has one.
    assert judge.seen == {"number", "object"}


def judge_events(contract, by_namespace):
    judge = Judge(contract, "socket.io")
    for namespace, client in by_namespace.items():
        for line in client.lines():
            if "event" in line:
                judge.name(namespace, line["arguments"], event=line["event"])
    assert judge.seen == {"emit", *EVENTS}
