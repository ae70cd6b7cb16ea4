# SPDX-License-Identifier: Apache-2.0
"""Goal: a bounded run gives what the live run gives, from the topic and from files, touches no
group, and says what it could not do. Method: both over the same records on a real broker; every
record of every output is compared, headers included."""

import gzip
import json
import os
import pty
import re
import subprocess
import time
from datetime import timezone

import pytest
from aggregator_bench import START, random_readings, reading
from confluent_kafka import Producer
from weir_local.service import flags

KINDS = {
    "tumbling": {},
    "hopping": {"window": "20s", "every": "5s"},
    "revised": {"grace": "5s", "accept-late": "40s"},
    "session": {"session-gap": "200ms", "grace": "3s"},
    "sliding": {"window": "2s", "sliding": True, "grace": "3s"},
}


def told(record):
    """All that a record says but who wrote it."""
    headers = {k: v for k, v in record.headers.items() if k != "weir-origin"}
    return record.key, record.value, tuple(sorted(headers.items()))


def by_partition(records):
    found = {}
    for record in records:
        found.setdefault(record.partition, []).append(told(record))
    return found


def counts(log):
    [line] = re.findall(r"read to the end (.*)", log)
    return {k: int(v) for k, v in (pair.split("=") for pair in line.split())}


@pytest.fixture
def bounded(job):
    """bounded(options, code=0) runs to the end; returns the log."""
    def run(options, code=0, **more):
        done = job("aggregator", flags({**options, "admin": "off"}), **more)
        assert done.exit_code == code, done.log_text()
        return done.log_text()
    return run


@pytest.fixture
def twin(bench, topic):
    """The options of a bounded run over a bench's input, with topics of its own."""
    def options(b, partitions=1, **more):
        names = {name: topic(f"bounded-{name}", partitions=partitions)
                 for name in ("output", "late", "dead-letter")}
        return {**b.options, **names, "until": "end", "idle": None, **more}
    return options


def settings_of_computation(b):
    """The options that a run over files shares with one over topics."""
    topics = ("bootstrap-servers", "group", "input", "output", "late", "dead-letter", "idle")
    return {k: v for k, v in b.options.items() if k not in topics}


@pytest.mark.parametrize("kind", KINDS)
def test_a_bounded_run_gives_what_the_live_run_has_closed(
        kind, bench, twin, service, bounded, wait_until):
    b = bench(partitions=3)
    b.produce(random_readings(6_000, seed=7))
    b.options.update(KINDS[kind])
    live = service("aggregator", {**b.options, "idle": "1h"})
    ends = b.ends()
    wait_until(lambda: b.committed() == ends, "commit of the whole input", 60, 0.1)
    live.stop()
    options = twin(b, partitions=3)
    log = bounded(options)

    rows, live_rows = (by_partition(b.read(t)) for t in (options["output"], b.output))
    assert len(live_rows) == 3
    for partition, expected in live_rows.items():
        assert len(expected) > 5
        assert rows[partition][:len(expected)] == expected
        assert len(rows[partition]) > len(expected), "the windows that were open"
    for mine, theirs in (("late", b.late), ("dead-letter", b.dead)):
        passed_on, expected = b.read(options[mine]), b.read(theirs)
        assert by_partition(passed_on) == by_partition(expected) and expected

    said = counts(log)
    assert said["input"] == sum(ends.values()) == 6_000
    assert said["input"] == said["used"] + said["late"] + said["dead"] + said["filtered"]
    assert said["late"] == len(b.read(b.late)) and said["dead"] == len(b.read(b.dead))
    assert said["results"] == sum(len(of_one) for of_one in rows.values())
    assert (said["revisions"] > 0) == (kind == "revised")


def test_no_group_is_joined_and_nothing_committed(bench, twin, bounded):
    b = bench(partitions=1)
    b.produce(random_readings(100, seed=1))
    bounded(twin(b))
    assert set(b.committed().values()) == {-1001}
    b.group = "weir-no-group"  # the name librdkafka wants where there is none
    assert set(b.committed().values()) == {-1001}


def test_files_give_what_the_topic_gives(bench, twin, bounded, run_dir):
    b = bench(partitions=1)
    b.produce(random_readings(5_000, seed=3))
    options = twin(b)
    bounded(options)
    expected = b"".join(r.value + b"\n" for r in b.read(options["output"]))
    assert expected.count(b"\n") > 50
    lines = [r.value + b"\n" for r in b.read(b.input)]

    whole, first, second = (run_dir / name for name in ("all.jsonl", "1.jsonl", "2.jsonl.gz"))
    whole.write_bytes(b"".join(lines))
    first.write_bytes(b"".join(lines[:2000]).rstrip(b"\n"))
    second.write_bytes(gzip.compress(b"\n".join(lines[2000:])))  # blank lines between
    results = run_dir / "results.jsonl"
    plain = settings_of_computation(b)
    for files in ([whole], [first, second]):
        log = bounded({**plain, "file": files, "results": results})
        assert results.read_bytes() == expected
        assert counts(log)["input"] == 5_000
        results.unlink()

    # Late readings and dead letters of a file go to topics as those of a topic do.
    passed_on = twin(b, input=None, output=None, file=[whole], results=results)
    bounded(passed_on)
    for name in ("late", "dead-letter"):
        mine, theirs = b.read(passed_on[name]), b.read(options[name])
        assert [r.value for r in mine] == [r.value for r in theirs] and mine
        assert mine[0].headers["weir-topic"] == str(whole)
        line = int(mine[0].headers["weir-offset"])
        assert lines[line - 1].rstrip(b"\n") == mine[0].value
    assert results.read_bytes() == expected


def test_a_pipe_is_read_and_results_go_to_one(bench, bin_dir, run_dir):
    options = {"key": "device_name", "time": "timestamp", "aggregate": "n=count()", "file": "-",
               "results": "-", "admin": "off"}
    text = "".join(value + "\n" for _, value in (reading("a", i, 1) for i in range(40)))
    done = subprocess.run([bin_dir / "aggregator", *flags(options)], input=text, text=True,
                          capture_output=True, timeout=30, check=True)
    assert [json.loads(line)["n"] for line in done.stdout.splitlines()] == [15, 15, 10]
    assert counts(done.stderr)["used"] == 40


def test_from_offsets_and_from_a_time(bench, twin, bounded):
    b = bench(partitions=2)
    b.produce(random_readings(1_000, seed=5))
    middle = int(time.time() * 1000) + 1
    time.sleep(0.01)
    b.produce(random_readings(1_000, seed=6))
    ends = b.ends()
    log = bounded(twin(b, partitions=2, **{"from": f"1:{ends[1] - 10}"}))
    assert counts(log)["input"] == ends[0] + 10
    assert counts(log)["incomplete"] > 0, "what lies before the offset is missing"

    seconds, millis = divmod(middle, 1000)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{millis:03d}Z"
    options = twin(b, partitions=2, **{"from": stamp})
    assert counts(bounded(options))["input"] == 1_000
    assert any("weir-incomplete" in r.headers for r in b.read(options["output"]))
    assert counts(bounded(twin(b, **{"from": "2099-01-01"})))["input"] == 0

    log = bounded(twin(b, **{"from": f"0:{ends[0] + 1}"}), code=1)
    assert f"expected offsets 0 to {ends[0]} of partition 0, got {ends[0] + 1}" in log
    assert "expected partitions 0 to 1" in bounded(twin(b, **{"from": "7:0"}), code=1)


def test_the_end_is_before_what_a_transaction_may_still_commit(bench, twin, bounded):
    b = bench(partitions=1)
    b.produce([reading("a", 1, 5)])
    upstream = Producer({"bootstrap.servers": b.servers, "transactional.id": b.group})
    upstream.init_transactions(10)
    upstream.begin_transaction()
    key, value = reading("a", 2, 7)
    upstream.produce(b.input, key=key, value=value)
    upstream.flush(10)
    assert counts(bounded(twin(b)))["input"] == 1
    upstream.commit_transaction(10)
    # Now the last thing in the partition is the transaction's marker, which is no record.
    assert counts(bounded(twin(b)))["input"] == 2


def test_what_cannot_be_read_ends_with_one(bench, twin, bounded, run_dir, free_port):
    b = bench(partitions=1)
    for option in ("input", "output"):
        log = bounded(twin(b, **{option: "no-such-topic"}), code=1)
        assert "these are missing: no-such-topic" in log
    nobody = {"bootstrap-servers": f"127.0.0.1:{free_port()}", "stall-timeout": "1s"}
    bounded(twin(b, **nobody), code=1)

    b.produce([reading("a", 1, 1), reading("b", 1, 1)])
    log = bounded(twin(b, **{"open-windows-max": 1}), code=1)
    assert "raise --open-windows-max" in log

    cut, results = run_dir / "cut.jsonl.gz", run_dir / "results.jsonl"
    cut.write_bytes(gzip.compress(reading("a", 1, 1)[1].encode())[:-1])
    log = bounded({**settings_of_computation(b), "file": cut, "results": results}, code=1)
    assert f"reading {cut}" in log and "cut short" in log
    assert list(run_dir.glob("results*")) == [], "results that are not whole are not left behind"


def test_a_stop_ends_it_with_words_and_one(bin_dir, run_dir):
    results = run_dir / "results.jsonl"
    options = {"key": "device_name", "time": "timestamp", "aggregate": "n=count()", "file": "-",
               "results": results, "admin": "off"}
    run = subprocess.Popen([bin_dir / "aggregator", *flags(options)], stdin=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
    run.stdin.write("".join(reading("a", i, 1)[1] + "\n" for i in range(40)))
    run.stdin.write('{"broken\n')
    run.stdin.flush()
    for line in run.stderr:
        if "is no reading" in line:  # everything before it has been read, too
            assert "at=-:41" in line
            break
    run.terminate()
    assert "stopped before the end of the input, after 41 records" in run.stderr.read()
    assert run.wait(10) == 1
    assert list(run_dir.glob("results*")) == []


def on_a_terminal(command, **streams):
    """Runs a command with these of its streams (stdout, stderr) on a terminal: what it showed."""
    ours, theirs = pty.openpty()
    run = subprocess.Popen(command, **{name: theirs if stream is None else stream
                                       for name, stream in streams.items()})
    os.close(theirs)
    shown = b""
    try:
        while some := os.read(ours, 65536):
            shown += some
    except OSError:  # Linux: the other end is closed
        pass
    os.close(ours)
    assert run.wait(30) == 0
    return shown.decode()


def test_a_terminal_gets_progress_and_a_table(bin_dir, run_dir):
    path = run_dir / "many.jsonl"
    first = START.replace(tzinfo=timezone.utc).timestamp()
    with path.open("w") as file:
        for i in range(20_000):
            file.write(f'{{"timestamp":{first + i},"device_name":"a","data":{i}}}\n')
    options = {"key": "device_name", "time": "timestamp", "aggregate": "mean=mean(data)",
               "window": "12h", "file": path, "results": "-", "admin": "off"}
    command = [bin_dir / "aggregator", *flags(options)]
    text = on_a_terminal(command, stderr=None, stdout=subprocess.DEVNULL)
    assert re.search(r"\r\x1b\[K\d+ %, \d+ records, \d+/s, (\d+[hms])+ left", text)

    text = on_a_terminal(command, stderr=None, stdout=None)
    assert "records," not in text, "a line that is written over would disturb the table"
    assert re.search(r"^device_name  start +end +mean\r\n"
                     r"a  +2024-10-07T12:00:00.000Z  2024-10-08T00:00:00.000Z  +9999.5\r\n",
                     text, re.MULTILINE)
