# SPDX-License-Identifier: Apache-2.0
"""What is measured. Each function takes a system and an empty folder, and returns figures as a dict
and the oracle's Verdict about all that was written meanwhile."""

import random
import time
from contextlib import contextmanager
from statistics import median

from confluent_kafka import Producer
from rates import cpu
from readings import BEGIN_S, produce_readings, produce_reading
from scene import PARTITIONS, Scene
from systems import BIN, INPUT
from watch import first_after_silence, longest_gap
from weir_local import Process

# The steady input and its windows: every partition gives results five times a second.
RATE = 2_000
STEADY = {"window_ms": 200, "grace_ms": 2_000}
# Partitions that lost their replica are silent for seconds, all others far less.
SILENCE_S = 1.0
# How far behind, in changelog records, Kafka Streams calls a replica ready: some three seconds of
# this input. With its own 10,000 the state of the first minute would be moved unprepared.
ACCEPTABLE_LAG = 1_000
# Peace after a change, before the next one.
REST_S = 3.0
FOR_EVER_S = 86_400
ENDED = "replicas that ended by themselves"
# No transaction is open when a replica is killed in the recovery, so that it delays nothing there.
PATIENT_TRANSACTION_MS = 300_000


@contextmanager
def steady(system, folder, seed, **more):
    """A Scene with a steady input of readings, some of them late or broken."""
    scene = Scene(system, folder, **STEADY, **more)
    producer = Process("producer", [BIN / "chaos-producer", scene.servers, INPUT, seed, RATE,
                                    FOR_EVER_S], folder)
    try:
        producer.start()
        yield scene, producer
    finally:
        producer.kill()
        scene.kill()


def verdict_of(scene, producer):
    producer.kill()
    scene.wait_quiet()
    return scene.verdict()


def fail_over(system, folder, *, kills, seed, say):
    """kill -9 of one of three replicas, again and again: when its partitions give results again.

    The replica that was killed comes back once they do. With acceptable.recovery.lag as large as
    can be, Kafka Streams gives it its share at once; who takes a dead one's share is not touched.
    """
    names, dice = ["replica-1", "replica-2", "replica-3"], random.Random(seed)
    lost, stayed = [], []
    with steady(system, folder, seed,
                properties={"acceptable.recovery.lag": (1 << 63) - 1}) as (scene, producer):
        for name in names:
            scene.start(name)
        began = time.monotonic()
        for kill in range(kills):
            victim = names[kill % len(names)]
            shares = scene.wait_shared(*names)
            time.sleep(REST_S + dice.random())
            moment = scene.kill_replica(victim)
            times = scene.watcher.times

            def back():
                firsts = [first_after_silence(times[p], moment, SILENCE_S)
                          for p in shares[victim]]
                return all(firsts) and firsts
            seconds = [first - moment for first in scene.wait(back, "result of each partition")]
            lost += seconds
            stayed += [longest_gap(times[p], moment, time.monotonic())
                       for p in times.keys() - shares[victim]]
            say(f"kill {kill + 1}: {min(seconds):.2f} to {max(seconds):.2f} s")
            scene.start(victim)
        scene.wait_shared(*names)
        figures = {
            "fail-over, median, s": median(lost), "fail-over, max, s": max(lost),
            "the other partitions' longest gap, median, s": median(stayed),
            "CPU of all replicas, s a minute": scene.cpu() / (time.monotonic() - began) * 60,
            ENDED: scene.ended_by_themselves}
        return figures, verdict_of(scene, producer)


def scale(system, folder, *, rounds, seed, say):
    """A second replica joins and is stopped by SIGTERM: the longest gap in each partition.

    Kafka Streams builds the state up in the second replica first, for all partitions at once
    (max.warmup.replicas), and moves them when it next looks, after the shortest time it allows.
    """
    out, share_s, back = [], [], []
    settings = {"max.warmup.replicas": PARTITIONS, "probing.rebalance.interval.ms": 60_000,
                "acceptable.recovery.lag": ACCEPTABLE_LAG}
    with steady(system, folder, seed, properties=settings) as (scene, producer):
        scene.start("replica-1")
        began = time.monotonic()
        for number in range(rounds):
            scene.wait_shared("replica-1")
            time.sleep(REST_S)
            moment = scene.start("replica-2")
            scene.wait_shared("replica-1", "replica-2")
            share_s.append(time.monotonic() - moment)
            time.sleep(REST_S)
            out.append(gaps(scene, moment))
            moment = scene.stop_replica("replica-2")
            scene.wait_shared("replica-1")
            time.sleep(REST_S)
            back.append(gaps(scene, moment))
            say(f"round {number + 1}: longest gaps {max(out[-1]):.2f} s out,"
                f" {max(back[-1]):.2f} s back")
        joined, left = sum(out, []), sum(back, [])
        figures = {
            "1 to 2 replicas: longest gap, median of partitions, s": median(joined),
            "1 to 2 replicas: longest gap, max, s": max(joined),
            "until the second has its share, median, s": median(share_s),
            "2 to 1 replicas: longest gap, median of partitions, s": median(left),
            "2 to 1 replicas: longest gap, max, s": max(left),
            "CPU of all replicas, s a minute": scene.cpu() / (time.monotonic() - began) * 60,
            ENDED: scene.ended_by_themselves}
        return figures, verdict_of(scene, producer)


def gaps(scene, moment):
    now = time.monotonic()
    return [longest_gap(times, moment, now) for times in scene.watcher.times.values()]


def recovery(system, folder, *, devices, seconds, readings, trials, say):
    """kill -9 of the only replica with `devices` * `seconds` windows open, each of so many
    `readings`; then one second of readings more, which closes the oldest windows; then its start,
    once the group has forgotten the dead one.

    Kafka Streams writes what one reading closes in one transaction, which takes longer than ten
    seconds on a busy machine; it would be aborted, and tried again and again."""
    starts = []
    scene = Scene(system, folder, window_ms=1_000, grace_ms=(seconds - 1) * 1_000, heap="4g",
                  properties={"producer.transaction.timeout.ms": PATIENT_TRANSACTION_MS})
    try:
        producer = Producer({"bootstrap.servers": scene.servers, "linger.ms": 50,
                             "batch.size": 1_000_000, "partitioner": "murmur2_random",
                             "log.connection.close": False,
                             "queue.buffering.max.messages": 1_000_000})
        for second in range(seconds):
            produce_readings(producer, INPUT, devices, second, readings)
        assert producer.flush(120) == 0
        began = scene.start("replica")
        scene.wait_committed()
        say(f"{devices * seconds} windows opened in {time.monotonic() - began:.1f} s")
        for trial in range(trials):
            scene.kill_replica("replica")
            produce_readings(producer, INPUT, devices, seconds + trial, readings)
            assert producer.flush(120) == 0
            scene.wait_group_empty()
            goal = scene.watcher.count + devices
            began = scene.start("replica")
            scene.wait(lambda: scene.watcher.count >= goal, "result of each device")
            starts.append((scene.watcher.first_since(began) - began,
                           scene.watcher.last() - began,
                           cpu(scene.replicas["replica"]), scene.peak_bytes("replica") / 1e6))
            scene.wait_committed()
            say(f"start {trial + 1}: {starts[-1][0]:.2f} s until results of each partition")
        # What was built up again is right if all of it comes out right.
        far = BEGIN_S + 3 * seconds + trials
        for partition in range(PARTITIONS):
            produce_reading(producer, INPUT, f"closing{partition}", far, partition)
        assert producer.flush(120) == 0
        scene.wait_committed()
        scene.wait_quiet()
        first, last, used, peak = (median(column) for column in zip(*starts))
        figures = {"start to a result of each partition, s": first,
                   "start to all results of the backlog, s": last,
                   "CPU until then, s": used, "peak memory, MB": peak,
                   ENDED: scene.ended_by_themselves}
        return figures, scene.verdict()
    finally:
        scene.kill()

