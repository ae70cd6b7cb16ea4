#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tests/bench/rates.py [aggregator] [bridge] [emitter]: what one core, one byte of memory and one
byte of disk are good for, measured with the real services, Kafka and mosquitto on this machine.

The figures of docs/scaling.md. CPU time is counted, not the clock: broker, service and load share
the machine, so a rate by the clock says little, while CPU time per record hardly moves. Nothing
else should run meanwhile. WEIR_BIN names the folder of executables (default: build/release/bin).
"""

import os
import selectors
import shutil
import socket
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "deploy" / "local"), str(ROOT / "tests")]

from confluent_kafka import Producer  # noqa: E402
from support import create_topic, wait_until  # noqa: E402
from weir_local import Kafka, Mosquitto, Service, free_port  # noqa: E402

BIN = Path(os.environ.get("WEIR_BIN") or ROOT / "build" / "release" / "bin")
TICKS = os.sysconf("SC_CLK_TCK")
DEVICES = 50_000
SECONDS = 90  # each device reads once a second; windows are 15 s, grace 15 s
MESSAGES = 300_000
CLIENTS = 300
EVENTS = 1_000


def say(what, value, unit):
    print(f"{what:<58} {value:>12,.2f} {unit}", flush=True)


def cpu(process):
    """Seconds of CPU it has used."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(process):
    """Bytes of memory."""
    pages = Path(f"/proc/{process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")


def metric(service, name, label=""):
    """The sum of the series of that name, or of those with that label."""
    return sum(value for series, value in service.metrics().items()
               if series.split("{")[0] == name and label in series)


class Cost:
    """The CPU that processes use between its making and a call of since()."""

    def __init__(self, *processes):
        self._begun = [(process, cpu(process)) for process in processes]
        self._clock = time.monotonic()

    def since(self):
        """Seconds of CPU of each, and seconds by the clock."""
        return *(cpu(process) - begun for process, begun in self._begun), \
            time.monotonic() - self._clock


def log_bytes(folder, topic):
    return sum(path.stat().st_size for path in folder.glob(f"kafka/data/{topic}-*/*.log"))


def start(executable, options, run_dir, **more):
    return Service(BIN / executable, options, run_dir, **more).start().wait_ready()


def fill(servers, topic):
    """DEVICES x SECONDS readings, in the order of time."""
    producer = Producer({"bootstrap.servers": servers, "linger.ms": 50, "acks": "all",
                         "batch.size": 1_000_000, "queue.buffering.max.messages": 1_000_000})
    keys = [f"device{number}" for number in range(DEVICES)]
    begin = datetime(2024, 10, 7, 13)
    for second in range(SECONDS):
        at = (begin + timedelta(seconds=second)).strftime("%Y-%m-%d %H:%M:%S.123456")
        for key in keys:
            value = f'{{"timestamp":"{at}","device_name":"{key}","data":863.85}}'
            while True:
                try:
                    producer.produce(topic, value, key)
                    break
                except BufferError:
                    producer.poll(0.1)
        producer.poll(0)
    assert producer.flush(120) == 0


def aggregator(folder):
    kafka = Kafka(folder, heap="512m").start().wait_ready()
    for topic in ("input", "output", "late", "dead"):
        create_topic(kafka.bootstrap_servers, topic, 4)
    fill(kafka.bootstrap_servers, "input")
    total = DEVICES * SECONDS
    # A window open at the end stays open: what is measured is its memory, then its rebuilding.
    options = {"bootstrap-servers": kafka.bootstrap_servers, "input": "input", "output": "output",
               "late": "late", "dead-letter": "dead", "key": "device_name", "time": "timestamp",
               "window": "15s", "grace": "15s", "idle": "1h",
               "aggregate": "average=mean(data:float32)", "round": 3}
    service = Service(BIN / "aggregator", options, folder).start()
    wait_until(lambda: service.running, "a process")
    cost = Cost(service, kafka.nodes[0])
    service.wait_ready()
    wait_until(lambda: metric(service, "weir_records_total", 'fate="used"') == total,
               f"{total} readings", timeout=300, interval=0.2)
    own, broker, clock = cost.since()
    results, windows = metric(service, "weir_results_total"), metric(service, "weir_open_windows")
    say("aggregator: CPU per million readings", own / total * 1e6, "s")
    say("aggregator: readings a second by the clock, all on this machine", total / clock, "/s")
    say("aggregator: results written meanwhile", results, "")
    say("aggregator: windows open at the end", windows, "")
    say("aggregator: memory of an open window",
        metric(service, "weir_window_memory_bytes") / windows, "bytes")
    say("aggregator: resident with these windows open", resident(service) / 1e6, "MB")
    say("broker: CPU per million readings handed out", broker / total * 1e6, "s")
    say("broker: disk of a result", log_bytes(folder, "output") / results, "bytes")
    service.kill()
    service.start()
    wait_until(lambda: service.running, "a process")
    cost = Cost(service)
    service.wait_ready()

    def rebuilt():
        replayed = metric(service, "weir_replayed_records_total")
        return replayed if not metric(service, "weir_replaying_partitions") else 0
    replayed = wait_until(rebuilt, "an end of the replay", timeout=120, interval=0.05)
    own, clock = cost.since()
    say("aggregator: readings read again after kill -9", replayed, "")
    say("aggregator: CPU per million readings read again", own / replayed * 1e6, "s")
    say("aggregator: seconds until it had done so", clock, "s")
    service.stop()
    kafka.stop()


def publish(folder, mosquitto):
    """MESSAGES readings of 1000 devices, as fast as they are taken."""
    devices = start("device-simulator", {
        "mqtt": mosquitto.url, "devices": 1000, "count": MESSAGES // 1000, "interval": "10ms",
        "payload": "json", "qos": 1, "topic-prefix": "a"}, folder)
    wait_until(lambda: not devices.running, "an end of the devices", timeout=120)


def carried(service, count):
    wait_until(lambda: metric(service, "weir_mqtt_acknowledged_total") >= count,
               "the last acknowledgement", timeout=120, interval=0.05)


def bridge(folder):
    kafka = Kafka(folder, heap="512m").start().wait_ready()
    mosquitto = Mosquitto(folder).start().wait_ready()
    for topic in ("plain", "lz4", "dead"):
        create_topic(kafka.bootstrap_servers, topic, 4)
    options = {"mqtt": mosquitto.url, "topic": "a/+", "bootstrap-servers": kafka.bootstrap_servers,
               "output": "plain", "dead-letter": "dead"}
    service = start("mqtt-bridge", options, folder)
    cost = Cost(mosquitto)
    publish(folder, mosquitto)
    carried(service, MESSAGES)
    own, _ = cost.since()
    say("mosquitto: CPU per million messages in and out at QoS 1", own / MESSAGES * 1e6, "s")
    service.stop()
    drain(folder, kafka, mosquitto, options)
    say("broker: disk of a reading as the bridge writes it",
        log_bytes(folder, "plain") / MESSAGES / 2, "bytes")
    print("the same with --kafka compression.type=lz4:")
    drain(folder, kafka, mosquitto,
          {**options, "output": "lz4", "kafka": "compression.type=lz4"})
    say("broker: disk of a reading as the bridge writes it",
        log_bytes(folder, "lz4") / MESSAGES, "bytes")
    mosquitto.stop()
    kafka.stop()


def drain(folder, kafka, mosquitto, options):
    """What has waited in the MQTT broker is carried over."""
    publish(folder, mosquitto)
    service = Service(BIN / "mqtt-bridge", options, folder).start()
    cost = Cost(service, kafka.nodes[0])
    service.wait_ready()
    carried(service, MESSAGES)
    own, broker, clock = cost.since()
    say("bridge: CPU per million messages at QoS 1", own / MESSAGES * 1e6, "s")
    say("bridge: messages a second by the clock, all on this machine", MESSAGES / clock, "/s")
    say("bridge: resident", resident(service) / 1e6, "MB")
    say("broker: CPU per million readings taken in", broker / MESSAGES * 1e6, "s")
    service.stop()


class Clients:
    """Socket.IO clients over WebSocket in the namespace /live that throw away what they get."""

    def __init__(self, port, count):
        self.bytes = 0
        self._selector = selectors.DefaultSelector()
        for _ in range(count):
            link = socket.create_connection(("127.0.0.1", port))
            link.sendall(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n"
                         b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
                         b"Sec-WebSocket-Version: 13\r\n"
                         b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
            # A masked text frame "40/live,", which joins; the mask is zero.
            link.sendall(b"\x81\x88\0\0\0\0" + b"40/live,")
            link.setblocking(False)
            self._selector.register(link, selectors.EVENT_READ)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            for key, _ in self._selector.select():
                self.bytes += len(key.fileobj.recv(1 << 18))


def trickle(servers, topic):
    """EVENTS results, a hundred a second and each on its own: the dearest way."""
    producer = Producer({"bootstrap.servers": servers, "linger.ms": 0})
    for number in range(EVENTS):
        value = (f'{{"device_name":"device{number}","window":{{"start":"2024-10-07T13:02:45.000Z",'
                 f'"end":"2024-10-07T13:03:00.000Z"}},"average":863.852}}')
        producer.produce(topic, value, f"device{number}",
                         headers={"weir-window": "a/b", "weir-final": "true"})
        producer.poll(0.01)
    assert producer.flush(30) == 0


def emitter(folder):
    kafka = Kafka(folder, heap="512m").start().wait_ready()
    create_topic(kafka.bootstrap_servers, "results", 4)
    port = free_port()
    service = start("emitter", {"bootstrap-servers": kafka.bootstrap_servers,
                                "listen": f"127.0.0.1:{port}", "relay": "results=window@/live"},
                    folder)
    alone = resident(service)
    clients = Clients(port, CLIENTS)
    wait_until(lambda: metric(service, "weir_clients") == CLIENTS, "all clients")
    time.sleep(1)  # they join
    before = metric(service, "weir_client_packets_out_total")
    cost = Cost(service)
    trickle(kafka.bootstrap_servers, "results")
    wanted = CLIENTS * EVENTS
    wait_until(lambda: metric(service, "weir_client_packets_out_total") >= before + wanted,
               f"{wanted} events", timeout=60, interval=0.2)
    own, _ = cost.since()
    say("emitter: CPU per million events sent to a client", own / wanted * 1e6, "s")
    say("emitter: resident without clients", alone / 1e6, "MB")
    say("emitter: memory of a client", (resident(service) - alone) / CLIENTS, "bytes")
    say("emitter: bytes received for an event", clients.bytes / wanted, "bytes")
    service.stop()
    kafka.stop()


MEASURES = {"aggregator": aggregator, "bridge": bridge, "emitter": emitter}


def main(names):
    unknown = set(names) - set(MEASURES)
    if unknown:
        sys.exit(f"unknown {', '.join(unknown)}, expected {' '.join(MEASURES)}")
    for name in names or MEASURES:
        folder = Path(tempfile.mkdtemp(prefix="weir-bench-"))
        try:
            MEASURES[name](folder)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
