# SPDX-License-Identifier: Apache-2.0
"""One system at work on one input, or the floor beneath all: what it took."""

import itertools
import time
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from inputs import PARTITIONS, WINDOW_S, last_line
from rates import cpu
from support import create_topic
from systems import BIN, Job

# How long a system may take, and how long nothing new may come while results are missing.
PATIENCE_S = 900.0
QUIET_S = 60.0

_numbers = itertools.count(1)


def floor(kind, clients, one, servers):
    """librdkafka alone (consume), or with a scan and a sum (means), whose results are judged."""
    command = [BIN / "bench-floor", kind, servers, one.topic, clients]
    output = f"output-{next(_numbers)}"
    if kind == "means":
        create_topic(servers, output, PARTITIONS)
        command += [output, WINDOW_S, one.grace_s]
    found = last_line(command)
    assert found["records"] == one.readings + PARTITIONS, found
    figures = {"rate": one.readings / found["seconds"],
               "cpu_per_million": found["cpu_s"] / one.readings * 1e6,
               "peak_mb": found["peak_bytes"] / 1e6}
    if kind == "means":
        figures["verdict"] = judge(servers, output, one)
    return figures


def system(which, one, servers, folder):
    number = next(_numbers)
    names = {what: f"{what}-{number}" for what in ("output", "late", "dead")}
    for name in names.values():
        # The broker's clock: Kafka Streams writes results with the time of the event.
        create_topic(servers, name, PARTITIONS, message_timestamp_type="LogAppendTime")
    job = Job(servers, one.topic, names["output"], names["late"], names["dead"], WINDOW_S,
              one.grace_s, f"run-{number}")
    ends = Ends(servers, job.output)
    began = time.time()
    process = which.process(job, folder).start()
    try:
        moment = _wait(process, ends, one.results)
        used, peak = cpu(process), peak_bytes(process)
    finally:
        process.stop()
        ends.close()
    verdict = judge(servers, job.output, one)
    first, last = verdict["first_ms"] / 1000, verdict["last_ms"] / 1000
    return {"rate": one.readings / (last - began), "steady_rate": steady(one, first, last),
            "cpu_per_million": used / one.readings * 1e6, "peak_mb": peak / 1e6,
            "first_result_s": first - began, "seen_s": moment - began, "verdict": verdict}


def steady(one, first, last):
    """Readings a second from the first result to the last: without what a start costs."""
    part = 1 - (WINDOW_S + one.grace_s) / one.seconds
    return one.readings * part / (last - first) if part > 0 and last - first > 0.5 else None


def _wait(process, ends, results):
    """Until so many records are in the output; transactions' markers count there, too, so a while
    more until nothing comes. Returns when the last came."""
    deadline = time.time() + PATIENCE_S
    count, moved = 0, time.time()
    while True:
        now, before = time.time(), count
        count = ends.count()
        if count != before:
            moved = now
        elif count >= results and now - moved > 1:
            return moved
        assert process.running, f"it ended with {process.exit_code}\n{process.log_tail()}"
        assert now < deadline and now - moved < QUIET_S + (PATIENCE_S if count == 0 else 0), \
            f"{count} of {results} results after {PATIENCE_S} s\n{process.log_tail()}"
        time.sleep(0.1)


class Ends:
    """How far the partitions of a topic reach."""

    def __init__(self, servers, topic):
        self._consumer = Consumer({"bootstrap.servers": servers, "group.id": "bench-ends",
                                   "log.connection.close": False})
        self._partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]

    def count(self):
        return sum(self._consumer.get_watermark_offsets(one, timeout=10)[1]
                   for one in self._partitions)

    def close(self):
        self._consumer.close()


def judge(servers, output, one):
    return last_line([BIN / "bench-oracle", "judge", servers, output, one.answers])


def peak_bytes(process):
    """The most memory the process has had."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024
