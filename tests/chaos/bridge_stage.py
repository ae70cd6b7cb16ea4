# SPDX-License-Identifier: Apache-2.0
"""The stage of a loss matrix: publishers of numbers, mosquitto, a bridge, a cluster of Kafka, and
at the end a verdict about every number."""

import threading
import time
import uuid
from collections import Counter

import faults
import paho.mqtt.client as mqtt
from bridge_faults import ALL_BROKERS, BRIDGE, MOSQUITTO
from confluent_kafka import Consumer, TopicPartition
from support import create_topic, wait_until
from weir_local import Mosquitto, Service

PARTITIONS = 4
DEVICES_EACH = 5
SETTLE_S = 180.0


class Crowd(threading.Thread):
    """Devices that send 1, 2, 3 ... at one QoS through one connection. Each sends its next number
    when the MQTT broker has accepted all devices' last ones: after a loss of the connection the
    client repeats what was not accepted, and would not keep the order of more."""

    def __init__(self, port, name, rate, qos):
        super().__init__(daemon=True, name=name)
        self.sent = {f"{name}-{i}": 0 for i in range(DEVICES_EACH)}
        self._pause, self._qos = DEVICES_EACH / rate, qos
        self._over = threading.Event()
        self._client = mqtt.Client(uuid.uuid4().hex, clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._accepted = set()  # packet ids
        self._client.on_publish = lambda _client, _data, mid: self._accepted.add(mid)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def run(self):
        due = time.monotonic()
        while not self._over.is_set():
            sent = set()
            for device in self.sent:
                self.sent[device] += 1
                sent.add(self._client.publish(f"t/{device}", str(self.sent[device]),
                                              self._qos).mid)
            while not sent <= self._accepted:
                time.sleep(0.001)
            self._accepted -= sent
            due = max(due + self._pause, time.monotonic() - 1)
            time.sleep(max(0, due - time.monotonic()))

    def finish(self):
        """{device: its last number}; the broker has accepted all."""
        self._over.set()
        self.join(SETTLE_S)
        assert not self.is_alive(), f"mosquitto has not accepted everything of {self.name}"
        self._client.disconnect()
        self._client.loop_stop()
        return self.sent


class Tally:
    """Counts numbers as they are read: what a device sent comes in order but for repeats."""

    def __init__(self):
        self.records = self.duplicates = self.marked = self.disordered = 0
        self.examples = []
        self._next = Counter()
        self._early = {}  # of devices whose numbers had a gap

    def add(self, device, number, marked):
        self.records += 1
        self.marked += marked
        early = self._early.setdefault(device, set())
        if number <= self._next[device] or number in early:
            self.duplicates += 1
        elif number == self._next[device] + 1:
            self._next[device] = number
            while self._next[device] + 1 in early:
                self._next[device] += 1
                early.remove(self._next[device])
        else:
            self.disordered += 1
            if not early:
                self.examples.append(f"{device}: {number} came before {self._next[device] + 1}")
            early.add(number)

    def missing(self, sent):
        """{device: how many of its numbers are not there}."""
        missing = {device: last - self._next[device] - len(self._early.get(device, ()))
                   for device, last in sent.items()}
        return {device: count for device, count in missing.items() if count}


class BridgeStage:
    """Owns mosquitto, bridge and publishers, not the cluster. Threads: one."""

    def __init__(self, bin_dir, run_dir, kafka, *, rate, options=None, say=print):
        self._kafka, self._rate, self._say = kafka, rate, say
        self._servers = kafka.bootstrap_servers
        self._mosquitto = Mosquitto(run_dir)
        self._bridge = Service(bin_dir / "mqtt-bridge", {
            "mqtt": self._mosquitto.url, "topic": "t/+", "qos": 2, "output": "input",
            "dead-letter": "dead", "bootstrap-servers": self._servers, **(options or {})}, run_dir)
        self._crowds = []
        self.acts, self.left = Counter(), Counter()
        self.complaints = []
        self._down = set()

    def start(self):
        for topic, partitions in (("input", PARTITIONS), ("dead", 1)):
            create_topic(self._servers, topic, partitions, len(self._kafka.nodes))
        self._mosquitto.start().wait_ready()
        self._bridge.start().wait_ready()  # mosquitto queues from its first connection on
        # Of six messages five at QoS 1 and one at QoS 2.
        for name, share, qos in (("a", 2, 1), ("b", 2, 1), ("c", 1, 1), ("d", 1, 2)):
            self._crowds.append(Crowd(self._mosquitto.port, name, self._rate * share / 6, qos))
            self._crowds[-1].start()
        return self

    def perform(self, chosen):
        """Does what bridge_faults.plan() chose."""
        began = time.monotonic()
        for act, _ in chosen:
            self.acts[act] += 1
        targets = {BRIDGE: self._bridge, MOSQUITTO: self._mosquitto, ALL_BROKERS: self._kafka,
                   **{node.name: node for node in self._kafka.nodes}}
        for when, fault, is_begin in faults.steps(chosen):
            while (left := began + when - time.monotonic()) > 0:
                self._tend()
                time.sleep(min(left, 0.1))
            if is_begin:
                self._say(f"{when:7.1f} s  {fault.kind:<5} {fault.target}"
                          f" for {fault.end - fault.begin:.1f} s")
                self._down.add(fault.target)
                if fault.kind == "kill":
                    targets[fault.target].kill()
                else:
                    targets[fault.target].stop()
            else:
                if not (fault.target == BRIDGE and self._bridge.running):
                    targets[fault.target].start()
                self._down.discard(fault.target)

    def _tend(self):
        """Does what a supervisor does: the bridge may end with 1 when its client is beyond help."""
        if BRIDGE not in self._down and not self._bridge.running:
            self.left[self._bridge.exit_code] += 1
            if self._bridge.exit_code != 1:
                self.complaints.append(f"the bridge ended with {self._bridge.exit_code}\n"
                                       + self._bridge.log_tail())
            self._bridge.start()

    def settle(self, patience=60.0):
        """Everything is back, the publishers end, and what they sent is looked for until nothing
        has come for `patience`. Returns the report."""
        for node in self._kafka.nodes:
            node.wait_ready(60)
        sent = {}
        for crowd in self._crowds:
            sent |= crowd.finish()
        tally, quiet_since = Tally(), time.monotonic()
        consumer = Consumer({"bootstrap.servers": self._servers, "group.id": uuid.uuid4().hex,
                             "enable.auto.commit": False})
        consumer.assign([TopicPartition("input", p, 0) for p in range(PARTITIONS)])
        # After the last number whatever may still come twice is let come.
        while time.monotonic() < quiet_since + (patience if tally.missing(sent) else 3):
            self._tend()
            messages = [m for m in consumer.consume(10_000, timeout=0.2) if not m.error()]
            for message in messages:
                headers = dict(message.headers() or [])
                number = int(float(message.value().rpartition(b'"data":')[2].rstrip(b"}")))
                tally.add(message.key().decode(), number, b"true" == headers.get(
                    "weir-maybe-duplicate"))
            if messages:
                quiet_since = time.monotonic()
        dead = sum(consumer.get_watermark_offsets(TopicPartition("dead", 0), timeout=10)[1:])
        consumer.close()
        missing = tally.missing(sent)
        if (code := self._stopped()) != 0:
            self.complaints.append(f"the bridge was asked to stop and ended with {code}")
        good = not missing and not tally.disordered and not dead and not self.complaints
        return {"good": good, "sent": sum(sent.values()), "records": tally.records,
                "missing": sum(missing.values()), "disordered": tally.disordered,
                "duplicates": tally.duplicates, "marked": tally.marked, "dead": dead,
                "acts": dict(self.acts), "left": {str(c): n for c, n in self.left.items()},
                "missing_of": missing, "examples": tally.examples[:20],
                "complaints": self.complaints}

    def _stopped(self):
        self._bridge.terminate()
        return self._bridge.finish(20)

    def kill(self):
        self._bridge.kill()
        self._mosquitto.kill()


def table(report):
    """The report as text."""
    lines = [f"  act: {act:<31}{count:>12}" for act, count in sorted(report["acts"].items())]
    lines += [f"  the bridge left by itself with {code:<5}{n:>12}"
              for code, n in report["left"].items()]
    words = {"sent": "sent, and accepted by mosquitto", "records": "records in Kafka",
             "missing": "missing", "disordered": "disordered", "duplicates": "duplicates",
             "marked": "records marked as maybe duplicate", "dead": "dead letters"}
    lines += [f"  {text:<36}{report[name]:>12}" for name, text in words.items()]
    lines += [f"missing of {device}: {count}" for device, count in report["missing_of"].items()]
    return "\n".join([*lines, *report["examples"], *report["complaints"],
                      "nothing lost" if report["good"] else "NOT GOOD"])
