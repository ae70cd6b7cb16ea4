# SPDX-License-Identifier: Apache-2.0
"""Goal: two topics of results compare as they are. Method: a real aggregator writes one live and
one in a bounded run over the same input; then a row is changed, one is taken away, one is added."""

import json

import pytest
from aggregator_bench import random_readings
from confluent_kafka import Producer

SEED = 20241201


@pytest.fixture
def compare(job, kafka):
    """compare(first, second) is (exit code, output)."""
    def run(first, second, *more):
        done = job("audit", ["--bootstrap-servers", kafka.bootstrap_servers, "--output", first,
                             "--compare", second, *more])
        return done.exit_code, done.log_text()
    return run


def test_a_replay_is_alike_and_every_difference_is_found(
        bench, topic, service, job, wait_until, wait_done, compare):
    b = bench(partitions=2)
    b.produce(random_readings(3_000, seed=SEED))
    live = service("aggregator", b.options)
    wait_done(b)
    live.stop()
    shadow = topic("shadow", partitions=3)
    options = {name: value for name, value in b.options.items() if name not in ("output", "group")}
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    replay = job("aggregator", [*flags, "--output", shadow, "--until", "end", "--admin", "off"])
    assert replay.exit_code == 0, replay.log_tail()

    code, text = compare(b.output, shadow)
    rows = b.read(b.output)
    assert code == 0 and "alike\n" in text, text
    assert f"{len(rows)}  alike" in text
    assert "  0  different" in text

    other = topic("other", partitions=2)
    changed, gone, *rest = rows
    average = json.loads(changed.value)["average"]
    wrong = changed.__class__(changed.partition, changed.offset, changed.key, changed.value.replace(
        f'"average":{average}'.encode(), f'"average":{average + 0.001:.3f}'.encode()),
        changed.headers)
    extra = changed.__class__(changed.partition, changed.offset, "nobody", changed.value,
                              changed.headers)
    b.copy([wrong, *rest, extra], other)
    code, text = compare(b.output, other)
    assert code == 1 and "DIFFERENT" in text, text
    assert "  1  different" in text
    assert f"  1  only in {b.output}\n" in text and f"  1  only in {other}\n" in text
    assert f'different: key "{changed.key}" window {changed.headers["weir-window"]}' in text
    assert f'only in {b.output}: key "{gone.key}" window {gone.headers["weir-window"]}' in text
    assert 'only in ' + other + ': key "nobody"' in text


def test_what_cannot_be_compared_is_neither_alike_nor_different(bench, topic, compare, free_port):
    b = bench(partitions=1)
    empty, other = topic("empty"), topic("other")
    code, text = compare(empty, other)
    assert code == 2 and "have no range in common" in text, text
    code, text = compare(empty, "no-such-topic", "--stall-timeout", "1s")
    assert code == 2 and "there is no topic no-such-topic" in text, text
    b.produce([("a", "{}")])
    code, text = compare(b.input, other)
    assert code == 2 and "weir-window: no such header" in text, text
    code, text = compare(empty, empty)
    assert code == 2 and "are the same topic" in text, text


def test_more_rows_than_the_memory_allows_are_refused(bench, topic, compare):
    b = bench(partitions=1)
    row = {"weir-window": "2024-10-07T12:00:00.000Z/2024-10-07T12:00:15.000Z", "weir-count": "1",
           "weir-final": "true", "weir-revision": "0", "weir-watermark": "none",
           "weir-source": "in/0:0-0"}
    producer = Producer({"bootstrap.servers": b.servers})
    for i in range(4_000):
        producer.produce(b.output, key=f"key{i}", value=b"{}", headers=row)
    assert producer.flush(10) == 0
    code, text = compare(b.output, topic("other"), "--memory-max", "1MiB")
    assert code == 2 and "need more than --memory-max 1MiB" in text, text
