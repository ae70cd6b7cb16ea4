# SPDX-License-Identifier: Apache-2.0
"""What is measured. Each function takes a Scene and a contender and returns figures as a dict, with
`missing` and `twice` of those that write to Kafka."""

import time

from figures import percentile
from rates import resident
from scene import PATIENCE_S, number_of, sent_ns_of

# Of the contender before Kafka goes away, and after it is back, while messages come.
AT_WORK_S = 2.0
# Of the latency: until clients know topic and leaders, and the first second's queue is gone.
BEGINNING_S = 2


def live(scene, contender, count):
    """All messages of one publisher at full rate, from its first to the last one that is there."""
    scene.begin(contender, count)
    before = scene.costs()
    scene.publish(0)
    ended = scene.wait_arrived()
    after = scene.costs()
    published = scene.published()
    return {"messages/s": count / (ended - published["began"]),
            "published/s": count / (published["ended"] - published["began"]),
            **per_million(before, after, count), **scene.end()}


def drain(scene, contender, count):
    """What has come together in the MQTT broker while the contender was away, from its start to the
    last message."""
    worker = scene.begin(contender, count)  # the broker queues for whom it knows
    worker.stop()
    scene.publish(0)
    scene.published()
    began = time.monotonic()
    worker.start()
    before = [0.0, *scene.costs()[1:]]
    ended = scene.wait_arrived()
    after = scene.costs()
    return {"messages/s": count / (ended - began), **per_million(before, after, count),
            **scene.end()}


def per_million(before, after, count):
    own, mosquitto, kafka = ((b - a) * 1e6 / count for a, b in zip(before, after))
    return {"CPU s/million": own, "mosquitto CPU s/million": mosquitto,
            "Kafka CPU s/million": kafka}


def latency(scene, contender, count, rate):
    """From a publisher's send() to a Kafka consumer's poll()."""
    scene.begin(contender, count)
    topic, delays, deadline = scene.reader(), [], time.monotonic() + PATIENCE_S
    steady = BEGINNING_S * rate
    scene.publish(rate)
    while len(delays) < count - steady:
        value = topic.next(1.0)
        if value is not None and number_of(value) >= steady:
            delays.append(time.monotonic_ns() - sent_ns_of(value))
        assert time.monotonic() < deadline, f"{len(delays)} of {count} messages came"
    scene.published()
    return {"p50 ms": percentile(delays, 0.5) / 1e6, "p99 ms": percentile(delays, 0.99) / 1e6,
            **scene.end()}


def outage(scene, contender, count, rate):
    """The memory of the contender while Kafka is away and messages come."""
    worker = scene.begin(contender, count)
    scene.publish(rate)
    time.sleep(AT_WORK_S)
    before = resident(worker)
    scene.kafka.kill()
    greatest, away_until = 0, time.monotonic() + count / rate - 2 * AT_WORK_S
    while time.monotonic() < away_until:
        greatest = max(greatest, resident(worker))
        time.sleep(0.1)
    assert scene.publishing, "the publisher ended before Kafka was back"
    scene.kafka.start().wait_ready()
    scene.wait_arrived()
    scene.published()
    return {"MB at work": before / 1e6, "MB without Kafka": greatest / 1e6, **scene.end()}
