# SPDX-License-Identifier: Apache-2.0
"""The stage of a loss matrix: publishers of numbers, mosquitto, bridges, a cluster of Kafka, an
aggregator behind it, and at the end a verdict about every number and every window."""

import json
import time
import uuid
from collections import Counter

import faults
from bridge_faults import AGGREGATOR, ALL_BROKERS, BRIDGE, MOSQUITTO, REPLICAS, STANDBY
from confluent_kafka import Consumer, TopicPartition
from full_disk import FullDisk, ServiceOnDisks
from senders import Crowd, Tally, WindowCounts
from support import create_topic
from weir_local import Mosquitto, Service

PARTITIONS = 4
TOPICS = {"input": PARTITIONS, "dead": 1, "slots": 4, "windows": PARTITIONS, "late": 1, "unread": 1}
WINDOW_S = 5
# Of six messages five at QoS 1 and one at QoS 2, by two ways: the single bridge carries a, b and c,
# the replicas d to g, one filter each.
CROWDS = (("a", 1.5, 1), ("b", 1.5, 1), ("c", 0.5, 2),
          ("d", 2 / 3, 1), ("e", 2 / 3, 1), ("f", 2 / 3, 1), ("g", 0.5, 2))
SINGLE, SHARED = "abc", "defg"
STOP_S = 20.0
# After the last number whatever may still come twice is let come.
QUIET_S = 3.0


class BridgeStage:
    """Owns everything but the cluster. `distinct`: whether the aggregator counts a repeated number
    once. Lifetime: kill() ends everything. Threads: one."""

    def __init__(self, bin_dir, run_dir, kafka, *, rate, options=None, distinct=True, say=print):
        self._kafka, self._rate, self._say = kafka, rate, say
        self._servers = kafka.bootstrap_servers
        self._mosquitto = Mosquitto(run_dir)
        self._disk = FullDisk(run_dir / "full-disk")
        common = {"mqtt": self._mosquitto.url, "qos": 2, "output": "input", "dead-letter": "dead",
                  "bootstrap-servers": self._servers, **(options or {})}
        single = {**common, "topic": [f"t/{name}/+" for name in SINGLE]}
        shared = {**common, "topic": [f"t/{name}/+" for name in SHARED], "slots": "slots",
                  "client-id": "replica"}
        bridge = bin_dir / "mqtt-bridge"
        self._services = {
            BRIDGE: ServiceOnDisks(bridge, single, run_dir),
            STANDBY: Service(bridge, single, run_dir, name=STANDBY),
            **{name: Service(bridge, shared, run_dir, name=name) for name in REPLICAS},
            AGGREGATOR: Service(bin_dir / "aggregator", {
                "bootstrap-servers": self._servers, "group": "windows", "input": "input",
                "output": "windows", "late": "late", "dead-letter": "unread",
                "key": "device_name", "time": "timestamp", "window": f"{WINDOW_S}s",
                "grace": "1s", "idle": "1s", "accept-late": "2h", "aggregate": "n=count()",
                **({"distinct-by": "seq"} if distinct else {})}, run_dir)}
        self._wanted = [BRIDGE, *REPLICAS[:2], AGGREGATOR]
        self._down, self._leaving = set(), set()
        self._crowds = []
        self.acts, self.left = Counter(), Counter()
        self.complaints = []

    def start(self):
        for topic, partitions in TOPICS.items():
            create_topic(self._servers, topic, partitions, len(self._kafka.nodes))
        self._mosquitto.start().wait_ready()
        for name in self._wanted:  # mosquitto queues from a bridge's first connection on
            self._services[name].start().wait_ready()
        for name, share, qos in CROWDS:
            self._crowds.append(Crowd(self._mosquitto.port, name, self._rate * share / 6, qos,
                                      WINDOW_S))
            self._crowds[-1].start()
        return self

    def perform(self, chosen):
        """Does what bridge_faults.plan() chose."""
        began = time.monotonic()
        for act, _ in chosen:
            self.acts[act] += 1
        for when, fault, is_begin in faults.steps(chosen):
            while (left := began + when - time.monotonic()) > 0:
                self._tend()
                time.sleep(min(left, 0.1))
            if is_begin:
                self._say(f"{when:7.1f} s  {fault.kind:<5} {fault.target}"
                          f" for {fault.end - fault.begin:.1f} s")
            (self._begin if is_begin else self._end)(fault)

    def _begin(self, fault):
        name = fault.target
        if fault.kind == "join":
            return self._come(name)
        if fault.kind == "disk":
            return self._change_disk(self._disk)
        if fault.kind == "freeze":
            return faults.begin(fault, self._target(name))
        self._down.add(name)
        if name in self._services and fault.kind == "stop":
            self._dismiss(name)
        elif fault.kind == "stop":
            self._target(name).stop()
        else:
            self._target(name).kill()

    def _end(self, fault):
        name = fault.target
        if fault.kind == "join":
            self._wanted.remove(name)
            return self._dismiss(name)
        if fault.kind == "disk":
            return self._change_disk(None)
        if fault.kind == "freeze":
            return faults.end(fault, self._target(name))
        self._down.discard(name)
        if name in self._services:
            self._come(name)
        else:
            self._target(name).start()

    def _target(self, name):
        targets = {MOSQUITTO: self._mosquitto, ALL_BROKERS: self._kafka,
                   **{node.name: node for node in self._kafka.nodes}, **self._services}
        return targets[name]

    def _come(self, name):
        if name in self._leaving:
            self._see_off(name)
        if name not in self._wanted:
            self._wanted.append(name)
        if not self._services[name].running:
            self._services[name].start()

    def _dismiss(self, name):
        self._services[name].terminate()
        self._leaving.add(name)

    def _see_off(self, name):
        """Waits for one that was asked to stop."""
        self._leaving.discard(name)
        service = self._services[name]
        code = service.finish(STOP_S)
        if code == -15 and not service.log_text():
            code = 0  # asked before it had come so far as to listen
        if code == 1:
            self.left[code] += 1
        elif code != 0:
            self.complaints.append(f"{name} was asked to stop and ended with {code}")

    def _change_disk(self, disk):
        """The bridge dies, and is started again where it cannot write, or can."""
        bridge = self._services[BRIDGE]
        bridge.kill()
        bridge.use(disk)
        if BRIDGE not in self._down:
            bridge.start()

    def _tend(self):
        """Does what a supervisor does: a service may end with 1 when its client is beyond help."""
        for name in [name for name in self._leaving if not self._services[name].running]:
            self._see_off(name)
        for name in self._wanted:
            service = self._services[name]
            if name in self._down or name in self._leaving or service.running:
                continue
            self.left[service.exit_code] += 1
            if service.exit_code != 1:
                self.complaints.append(f"{name} ended with {service.exit_code}\n"
                                       + service.log_tail())
            service.start()

    def settle(self, patience=60.0):
        """Everything is back, the publishers end, and what they sent is looked for until nothing
        has come for `patience`. Returns the report."""
        for node in self._kafka.nodes:
            node.wait_ready(60)
        sent, windows = {}, Counter()
        for crowd in self._crowds:
            sent |= crowd.finish()
            windows += crowd.windows
        tally, counts = Tally(), WindowCounts()
        with Topics(self._servers, "input") as numbers:
            for message in self._read(numbers, patience, lambda: not tally.missing(sent)):
                headers = dict(message.headers() or [])
                tally.add(message.key().decode(), json.loads(message.value())["seq"],
                          headers.get("weir-maybe-duplicate") == b"true")
        with Topics(self._servers, "windows") as results:
            for message in self._read(results, patience, lambda: not counts.compare(windows)):
                revision = dict(message.headers())["weir-revision"]
                counts.add(json.loads(message.value()), int(revision))
        with Topics(self._servers, "dead", "late", "unread") as others:
            dead, late, unread = (others.end(topic) for topic in ("dead", "late", "unread"))
        for name in self._wanted:
            self._dismiss(name)
        for name in self._wanted:
            if name in self._leaving:
                self._see_off(name)
        missing, wrong = tally.missing(sent), counts.compare(windows)
        good = not (missing or tally.disordered or dead or wrong or late or unread
                    or self.complaints)
        return {"good": good, "sent": sum(sent.values()), "records": tally.records,
                "missing": sum(missing.values()), "disordered": tally.disordered,
                "duplicates": tally.duplicates, "marked": tally.marked, "dead": dead,
                "windows": len(windows), "results": counts.results, "counted": counts.total(),
                "wrong_windows": len(wrong), "late": late, "unread": unread,
                "acts": dict(self.acts), "left": {str(c): n for c, n in self.left.items()},
                "full_disk": "mounted" if self._disk.real else "limits",
                "missing_of": missing, "examples": [*tally.examples[:20], *wrong[:20]],
                "complaints": self.complaints}

    def _read(self, topics, patience, complete):
        """Yields messages until nothing has come for `patience`, or QUIET_S once it is complete."""
        quiet_since, done = time.monotonic(), False
        while time.monotonic() < quiet_since + (QUIET_S if done else patience):
            self._tend()
            batch = topics.next()
            yield from batch
            if batch:
                quiet_since = time.monotonic()
            done = complete()

    def kill(self):
        for process in (*self._services.values(), self._mosquitto):
            process.kill()
        self._disk.close()


class Topics:
    """Reads topics from their beginning, what is committed only."""

    def __init__(self, servers, *names):
        self._consumer = Consumer({"bootstrap.servers": servers, "group.id": uuid.uuid4().hex,
                                   "enable.auto.commit": False})
        self._consumer.assign([TopicPartition(name, p, 0) for name in names
                               for p in range(TOPICS[name])])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._consumer.close()

    def next(self):
        return [m for m in self._consumer.consume(10_000, timeout=0.2) if not m.error()]

    def end(self, topic):
        """How many offsets it has; commits of transactions take one, too."""
        return sum(self._consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1]
                   for p in range(TOPICS[topic]))


def table(report):
    """The report as text."""
    lines = [f"  act: {act:<31}{count:>12}" for act, count in sorted(report["acts"].items())]
    lines += [f"  left by itself with {code:<16}{n:>12}" for code, n in report["left"].items()]
    words = {"sent": "sent, and accepted by mosquitto", "records": "records in Kafka",
             "missing": "missing", "disordered": "disordered", "duplicates": "duplicates",
             "marked": "records marked as maybe duplicate", "dead": "dead letters",
             "windows": "windows with readings", "results": "results, with revisions",
             "counted": "readings in the last revisions", "wrong_windows": "windows counted wrong",
             "late": "too late for the aggregator", "unread": "unreadable to the aggregator"}
    lines += [f"  {text:<36}{report[name]:>12}" for name, text in words.items()]
    lines += [f"missing of {device}: {count}" for device, count in report["missing_of"].items()]
    return "\n".join([*lines, *report["examples"], *report["complaints"],
                      "nothing lost, every window right" if report["good"] else "NOT GOOD"])
