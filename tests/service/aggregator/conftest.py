# SPDX-License-Identifier: Apache-2.0
"""An aggregator with topics of its own."""

import sys

import pytest
import weir_local
from support import ROOT, create_topic

sys.path.insert(0, str(ROOT / "tests" / "system"))

from aggregator_bench import TOPICS, Bench, bench, wait_done  # noqa: E402, F401


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
