# SPDX-License-Identifier: Apache-2.0
"""A live page: the real emitter between a real Kafka and a real browser. The tests write the
records that the bridge and the aggregator would, so that they know every value."""

import itertools
import json
import shutil
import time
from datetime import datetime, timezone
from pathlib import Path

import pytest
from confluent_kafka import Producer

WINDOW_MS = 15_000
KINDS = ("window", "partial", "late", "dead", "reading")


class Cluster:
    """The topics the page lives from. Windows are numbered; 0 is a while ago."""

    def __init__(self, bootstrap_servers, topics):
        self.bootstrap_servers = bootstrap_servers
        self.topics = topics  # by what they carry, as in KINDS
        self.base_ms = (int(time.time() * 1000) // WINDOW_MS - 20) * WINDOW_MS
        self._producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 0})

    def start_of(self, nth):
        return _iso(self.base_ms + nth * WINDOW_MS)

    def window(self, device, nth, mean, **headers):
        """The result of a closed window. Returns its topic/partition/offset."""
        headers = {"weir-final": "true", "weir-revision": "0", **headers}
        return self._result("window", device, nth, mean, headers)

    def partial(self, device, nth, mean, **headers):
        return self._result("partial", device, nth, mean, {"weir-final": "false", **headers})

    def reading(self, device, seconds, value, delay_ms=5, **headers):
        """A reading that came to Kafka so many seconds after the start of window 0."""
        arrived_ms = self.base_ms + round(seconds * 1000)
        self.raw("reading", device, _reading(device, arrived_ms - delay_ms, value),
                 timestamp_ms=arrived_ms, **headers)

    def reading_now(self, device, value, delay_ms=5, **headers):
        """The same for one that comes to Kafka now."""
        measured_ms = round(time.time() * 1000) - delay_ms
        self.raw("reading", device, _reading(device, measured_ms, value), **headers)

    def flood(self, devices, ended):
        """Thousands of readings a second of so many devices, some out of order, until then."""
        for burst in itertools.count():
            for at in range(50 * burst, 50 * (burst + 1)):
                device = f"device{at % devices}"
                measured_ms = round(time.time() * 1000) - at % 7 * 300
                self._producer.produce(self.topics["reading"],
                                       _reading(device, measured_ms, at % 1000), device)
            self._producer.poll(0)
            if ended.wait(0.01):
                break
        assert self._producer.flush(30) == 0

    def raw(self, kind, key, value, timestamp_ms=0, **headers):
        """Any bytes to the topic of that kind. Kafka's time is now, if it is not given."""
        done = []
        self._producer.produce(
            self.topics[kind], value, key, headers=list(_named(headers).items()),
            timestamp=timestamp_ms,
            on_delivery=lambda error, record: done.append((error, record)))
        assert self._producer.flush(30) == 0
        error, record = done[0]
        assert error is None, error
        return f"{record.topic()}/{record.partition()}/{record.offset()}"

    def _result(self, kind, device, nth, mean, headers):
        start, end = self.start_of(nth), self.start_of(nth + 1)
        value = {"device_name": device, "window": {"start": start, "end": end}, "average": mean}
        more = {"weir-window": f"{start}/{end}", "weir-count": "45", **_named(headers)}
        return self.raw(kind, device, json.dumps(value, separators=(",", ":")), **more)


def _reading(device, measured_ms, value):
    """A reading as the bridge writes it."""
    timestamp = _iso(measured_ms).replace("T", " ")[:-1]
    return json.dumps({"timestamp": timestamp, "device_name": device, "data": value})


def _named(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _iso(ms):
    instant = datetime.fromtimestamp(ms / 1000, timezone.utc)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def cluster(kafka, topic):
    topics = {kind: topic(kind, partitions=4) for kind in KINDS}
    return Cluster(kafka.bootstrap_servers, topics)


@pytest.fixture
def page(bin_dir, tmp_path):
    """The folder of the page, a copy of the test's own."""
    return Path(shutil.copytree(bin_dir.parent / "page", tmp_path / "page"))


@pytest.fixture
def emitter(service, cluster, page, free_port):
    """The emitter, serving the page at `url`."""
    port = free_port()
    process = service("emitter", {
        "bootstrap-servers": cluster.bootstrap_servers,
        "listen": f"127.0.0.1:{port}",
        "page": page,
        "relay": [f"{cluster.topics['window']}=emit:card",
                  *(f"{name}={kind}@/live{':latest' if kind == 'reading' else ''}"
                    for kind, name in cluster.topics.items())],
    })
    process.url = f"http://127.0.0.1:{port}/"
    return process
