# SPDX-License-Identifier: Apache-2.0
"""An aggregator with topics of its own."""

import sys

import pytest
import weir_local
from support import ROOT, create_topic

sys.path.insert(0, str(ROOT / "tests" / "system"))

from aggregator_bench import TOPICS, Bench  # noqa: E402


@pytest.fixture
def bench(kafka, topic, unique):
    """bench(partitions=4) creates the topics."""
    def create(partitions=4):
        names = [topic(name, partitions=partitions) for name in TOPICS]
        return Bench(kafka.bootstrap_servers, names, unique("group"))
    return create


@pytest.fixture(scope="session")
def quick_kafka(session_dir):
    """A broker that lets members be declared dead after a second, and compacts at once."""
    broker = weir_local.Kafka(session_dir / "quick-kafka",
                              properties={"group.min.session.timeout.ms": 500,
                                          "log.cleaner.backoff.ms": 500})
    broker.start().wait_ready()
    yield broker
    broker.stop()


@pytest.fixture
def quick_bench(quick_kafka, unique):
    """The same with that broker."""
    def create(partitions=4):
        servers = quick_kafka.bootstrap_servers
        names = [unique(name) for name in TOPICS]
        for name in names:
            create_topic(servers, name, partitions)
        b = Bench(servers, names, unique("group"))
        b.options["kafka"] = ["session.timeout.ms=1000", "heartbeat.interval.ms=200"]
        b.options["idle"] = "3s"
        return b
    return create


@pytest.fixture
def wait_done(wait_until):
    """wait_done(bench) waits until everything is committed and every window has come out."""
    def wait(bench, timeout=60):
        ends = bench.ends()
        wait_until(lambda: bench.committed() == ends, "commit of the whole input", timeout, 0.1)
        count = len(bench.expected().averages)
        wait_until(lambda: len(bench.read(bench.output)) >= count, f"{count} results", timeout, 0.1)
    return wait
