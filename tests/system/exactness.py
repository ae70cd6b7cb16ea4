# SPDX-License-Identifier: Apache-2.0
"""Compares what a running system has written with what the oracle makes of its input."""

from datetime import datetime, timezone

from oracle import expected, read_topic, results

PREFIX = "kafka-spark-integration"


def card(device, start, end, average):
    """The object the emitter sends for a window, with its times of day."""
    clock = lambda text: text[11:19]  # noqa: E731
    return {"device_name": device, "window_start": clock(start), "window_end": clock(end),
            "data": average}


def as_cards(averages):
    return {(c["device_name"], c["window_start"]): c
            for c in (card(*key, average) for key, average in averages.items())}


def originals(passed_on):
    """Where the input records are that were passed on as late or dead; the bridge has none."""
    return {(int(r.headers["weir-partition"]), int(r.headers["weir-offset"]))
            for r in passed_on if "weir-offset" in r.headers}


def check_exact(system, window_s, grace_s, *, settled=False, repeated=False):
    """Compares the aggregator's topics with the oracle; returns the means by window.

    `settled`: every record has its fate, so what was late is known, and what the watermark has
    passed is there. `repeated`: a result may have been written again, with the same mean.
    """
    servers = system.bootstrap_servers
    oracle = expected(read_topic(servers, f"{PREFIX}-input"), window_s, grace_s)
    found = results(read_topic(servers, f"{PREFIX}-output"), repeated)
    assert originals(read_topic(servers, f"{PREFIX}-late")) == oracle.late
    assert originals(read_topic(servers, f"{PREFIX}-dead-letter")) == oracle.dead
    assert settled or not oracle.late, "nothing was held up longer than the grace"
    for window, average in found.items():
        assert oracle.averages.get(window) == average, f"{window}: {average}"
    # What the oracle has beyond that are windows that are still open.
    missing = set(oracle.averages) - set(found)
    assert not (settled and missing & oracle.closed)
    now = datetime.now(timezone.utc)
    for device, _start, end in missing:
        age = (now - datetime.fromisoformat(end.replace("Z", "+00:00"))).total_seconds()
        assert age < window_s + grace_s + 10, f"the window of {device} to {end} never closed"
    return found
