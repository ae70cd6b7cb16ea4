# SPDX-License-Identifier: Apache-2.0
"""A bridge between a mosquitto of the test's own and topics of the test's own."""

import pytest
from bridge_ends import TopicReader


@pytest.fixture
def output(topic):
    return topic("input", partitions=4)


@pytest.fixture
def dead_letter(topic):
    return topic("dead")


@pytest.fixture
def options(mosquitto, kafka, output, dead_letter):
    """The bridge's options; a test changes them as it likes."""
    return {"mqtt": mosquitto.url, "topic": "t/+", "bootstrap-servers": kafka.bootstrap_servers,
            "output": output, "dead-letter": dead_letter}


@pytest.fixture
def bridge(service, options):
    def start(more=None, **rest):
        return service("mqtt-bridge", {**options, **(more or {})}, **rest)
    return start


@pytest.fixture
def records(kafka, output):
    return TopicReader(kafka.bootstrap_servers, output)


@pytest.fixture
def dead(kafka, dead_letter):
    return TopicReader(kafka.bootstrap_servers, dead_letter)
