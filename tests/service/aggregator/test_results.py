# SPDX-License-Identifier: Apache-2.0
"""Goal: what the aggregator writes is exact, to the last digit and header, and no record is lost
from view. Method: known readings into a real topic; every output topic is read back."""

import json
import time
from datetime import timezone

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from aggregator_bench import START, random_readings, reading


def values(records):
    return [r.value.decode() for r in records]


def _wait_for(b, topic, count, timeout=30):
    deadline = time.monotonic() + timeout
    while len(records := b.read(topic)) < count:
        assert time.monotonic() < deadline, f"{len(records)} of {count} records in {topic}"
        time.sleep(0.05)
    return records


def test_means_have_the_seeds_digits(bench, service, wait_done):
    b = bench(partitions=1)
    b.produce([reading("device2", 1, 863.85), reading("device2", 2, 863.853),
               reading("device1", 3, 1.0005), reading("device1", 4, 1.0005),
               reading("device3", 3, 863.85), reading("device3", 4, 1.1),
               reading("device4", 3, 0.1), reading("device4", 3, 0.2), reading("device4", 3, 0.3)])
    service("aggregator", b.options)
    wait_done(b)
    window = '"window":{"start":"2024-10-07T12:00:00.000Z","end":"2024-10-07T12:00:15.000Z"}'
    assert values(b.read(b.output)) == [
        f'{{"device_name":"device2",{window},"average":863.852}}',
        f'{{"device_name":"device1",{window},"average":1.0}}',
        f'{{"device_name":"device3",{window},"average":432.475}}',
        f'{{"device_name":"device4",{window},"average":0.2}}']


def test_a_result_says_what_it_is_made_of(bench, service):
    b = bench(partitions=1)
    b.produce([reading("a", 1, 1), reading("b", 2, 2), reading("a", 3, 3), reading("a", 30, 5)])
    service("aggregator", {**b.options, "idle": "1h"})
    first = _wait_for(b, b.output, 2)[0]
    assert first.key == "a"
    headers = dict(first.headers)
    assert headers.pop("weir-origin").startswith("aggregator/")
    assert headers == {
        "weir-window": "2024-10-07T12:00:00.000Z/2024-10-07T12:00:15.000Z", "weir-count": "2",
        "weir-final": "true", "weir-revision": "0",
        "weir-watermark": "2024-10-07T12:00:15.000Z", "weir-source": f"{b.input}/0:0-2"}


def test_late_records_keep_their_bytes_and_say_how_late(bench, service):
    b = bench(partitions=1)
    late = ("a", '{ "timestamp":"2024-10-07T12:00:14.999Z", "device_name":"a", "data":7 }')
    b.produce([reading("a", 1, 1), reading("a", 31.5, 2)])
    b.produce([late], headers={"traceparent": "00-1"})
    b.produce([reading("a", 15, 3)])
    service("aggregator", {**b.options, "idle": "1h"})
    [record] = _wait_for(b, b.late, 1)
    assert (record.key, record.value.decode()) == late
    headers = dict(record.headers)
    assert headers.pop("weir-origin").startswith("aggregator/")
    assert headers == {
        "traceparent": "00-1", "weir-topic": b.input, "weir-partition": "0", "weir-offset": "2",
        "weir-window": "2024-10-07T12:00:00.000Z/2024-10-07T12:00:15.000Z",
        "weir-watermark": "2024-10-07T12:00:16.500Z", "weir-late-by-ms": "1500"}


DEAD = {
    "empty": "",
    "not-json": "hello",
    "cut-short": '{"timestamp":"2024-10-07 12:00:01","device_name":"a","data":1',
    "no-object": "[1]",
    "nan": '{"timestamp":"2024-10-07 12:00:01","device_name":"a","data":NaN}',
    "utf8": b'{"timestamp":"2024-10-07 12:00:01","device_name":"\xff","data":1}',
    "no-time": '{"device_name":"a","data":1}',
    "no-key": '{"timestamp":"2024-10-07 12:00:01","data":1}',
    "bad-time": '{"timestamp":"yesterday","device_name":"a","data":1}',
    "negative-time": '{"timestamp":-1,"device_name":"a","data":1}',
    "number-as-text": '{"timestamp":"2024-10-07 12:00:01","device_name":"a","data":"7.5"}',
    "beyond-float": '{"timestamp":"2024-10-07 12:00:01","device_name":"a","data":1e300}',
    "ahead": '{"timestamp":"2099-01-01 00:00:00","device_name":"a","data":1}',
}


def test_what_is_no_reading_goes_to_the_dead_letters_with_a_reason(bench, service):
    b = bench(partitions=1)
    b.produce([("a", value) for value in DEAD.values()])
    b.produce([("a", None)])
    b.produce([reading("a", 1, 5)])
    aggregator = service("aggregator", b.options)
    records = _wait_for(b, b.dead, len(DEAD) + 1)
    for record, (name, value) in zip(records, DEAD.items()):
        original = value if isinstance(value, bytes) else value.encode()
        assert record.value == original, name
        assert record.headers["weir-error"], name
        assert record.headers["weir-stage"] == "extract"
    reasons = {name: r.headers["weir-error"] for name, r in zip(DEAD, records)}
    assert "ahead of the record's production" in reasons["ahead"]
    assert "/timestamp" in reasons["no-time"]
    assert records[-1].value is None and "tombstone" in records[-1].headers["weir-error"]
    # The next record flows, and a clock of 2099 has closed nobody's window.
    [result] = _wait_for(b, b.output, 1)
    assert json.loads(result.value)["average"] == 5.0
    metrics = aggregator.metrics()
    assert metrics['weir_records_total{fate="dead"}'] == len(DEAD) + 1
    assert metrics['weir_records_total{fate="used"}'] == 1


def test_a_field_without_a_value_is_left_out_of_the_mean(bench, service):
    b = bench(partitions=1)
    b.produce([("a", '{"timestamp":"2024-10-07 12:00:01","device_name":"a","data":null}'),
               ("a", '{"timestamp":"2024-10-07 12:00:02","device_name":"a"}'),
               reading("a", 3, 5), reading("a", 4, 6),
               ("b", '{"timestamp":"2024-10-07 12:00:02","device_name":"b"}')])
    aggregator = service("aggregator", b.options)
    found = {json.loads(r.value)["device_name"]: json.loads(r.value)["average"]
             for r in _wait_for(b, b.output, 2)}
    assert found == {"a": 5.5, "b": None}
    metrics = aggregator.metrics()
    assert metrics['weir_records_total{fate="used"}'] == 2
    assert metrics['weir_records_total{fate="filtered"}'] == 3


def test_several_aggregates_and_a_flat_window(bench, service):
    b = bench(partitions=1)
    b.produce([("a", f'{{"t":{1728302400 + i},"id":"a","v":{v},"w":{v * 10}}}')
               for i, v in enumerate([2, 4, 4, 4, 5, 5, 7, 9])])
    options = {**b.options, "key": "id", "time": "/t", "round": None, "window-form": "flat",
               "aggregate": ["n=count()", "sum=sum(v:int64)", "mean=mean(v:int64)",
                             "low=min(v:int64)", "high=max(v:int64)", "var=variance(v:int64)",
                             "w=mean(/w)"]}
    service("aggregator", options)
    [record] = _wait_for(b, b.output, 1)
    value = json.loads(record.value)
    assert list(value) == ["id", "window_start", "window_end", "n", "sum", "mean", "low", "high",
                           "var", "w"]
    assert value["window_start"] == "2024-10-07T12:00:00.000Z"
    assert [value[k] for k in ("n", "sum", "mean", "low", "high", "w")] == [8, 40, 5.0, 2, 9, 50.0]
    assert value["var"] == pytest.approx(32 / 7, rel=1e-12)


def test_a_random_stream_equals_the_oracle_and_every_record_is_accounted_for(
        bench, service, wait_done):
    b = bench()
    b.produce(random_readings(20_000, seed=1))
    aggregator = service("aggregator", {**b.options, "idle": "2s"})
    wait_done(b)
    b.assert_exact()
    metrics = aggregator.metrics()
    fates = {k: v for k, v in metrics.items() if k.startswith("weir_records_total")}
    assert sum(fates.values()) == metrics["weir_records_in_total"] == 20_000
    assert sum(b.ends().values()) == 20_000
    assert fates['weir_records_total{fate="late"}'] == len(b.expected().late) > 50


@pytest.mark.alone  # it measures a delay
def test_the_last_window_comes_out_when_the_devices_go_quiet(bench, service):
    """Live: readings of now; no later reading ever comes."""
    b = bench(partitions=2)
    window, grace, idle = 1.0, 0.5, 0.5
    service("aggregator", {**b.options, "window": "1s", "grace": "500ms", "idle": "500ms"})
    reader = Consumer({"bootstrap.servers": b.servers, "group.id": b.output,
                       "isolation.level": "read_committed", "fetch.wait.max.ms": 10})
    reader.assign([TopicPartition(b.output, partition, 0) for partition in range(2)])
    reader.poll(0.1)  # what comes from here on is seen as it comes
    now = time.time()
    b.produce([reading("a", now - START.replace(tzinfo=timezone.utc).timestamp(), 5)])
    record = reader.poll(30)
    seen = time.time()
    reader.close()
    assert record is not None and not record.error()
    end = int(now // window) * window + window
    assert seen - (end + grace + idle) < 1.0
    assert dict(record.headers())["weir-count"] == b"1"


def test_an_open_transaction_upstream_holds_the_quiet_close_back(bench, service, wait_until):
    b = bench(partitions=1)
    b.produce([reading("a", 1, 5)])
    upstream = Producer({"bootstrap.servers": b.servers, "transactional.id": b.group,
                         "transaction.timeout.ms": 30000})
    upstream.init_transactions(10)
    upstream.begin_transaction()
    key, value = reading("a", 2, 7)
    upstream.produce(b.input, key=key, value=value)
    upstream.flush(10)
    aggregator = service("aggregator", {**b.options, "idle": "300ms"})
    wait_until(lambda: aggregator.metrics()["weir_open_windows"] == 1, "the first reading")
    quiet_until = time.monotonic() + 2
    while time.monotonic() < quiet_until:
        assert aggregator.metrics()["weir_results_total"] == 0
        time.sleep(0.1)
    assert aggregator.metrics()["weir_windows_overdue_seconds"] > 365 * 86400
    upstream.commit_transaction(10)
    [record] = _wait_for(b, b.output, 1)
    assert json.loads(record.value)["average"] == 6.0
    wait_until(lambda: aggregator.metrics()["weir_windows_overdue_seconds"] == 0, "nothing overdue")


def test_partial_results_flow_before_the_window_closes(bench, service, wait_until):
    b = bench(partitions=1)
    service("aggregator", {**b.options, "partial": b.partial, "partial-every": "200ms",
                           "idle": "1h"})
    b.produce([reading("a", 1, 4)])
    [first] = _wait_for(b, b.partial, 1)
    b.produce([reading("a", 2, 5)])
    second = _wait_for(b, b.partial, 2)[1]
    assert [json.loads(r.value)["average"] for r in (first, second)] == [4.0, 4.5]
    assert second.headers["weir-final"] == "false" and second.headers["weir-count"] == "2"
    assert "weir-revision" not in second.headers
    assert b.read(b.output) == []


def test_a_key_that_does_not_determine_the_partition_is_said_once(bench, service, wait_until):
    b = bench(partitions=2)
    for i in range(20):
        b.produce([(f"sensor-{i}", reading("a", i / 10, 1)[1])])
    aggregator = service("aggregator", b.options)
    wait_until(lambda: "does not determine the record key" in aggregator.log_text(), "the warning")
    wait_until(lambda: aggregator.metrics()["weir_scattered_records_total"] >= 18, "the count")
    assert aggregator.log_text().count("does not determine the record key") == 1


def test_waits_for_its_topics_and_says_which_are_missing(bench, service, wait_until):
    b = bench(partitions=1)
    aggregator = service("aggregator", {**b.options, "output": "no-such-topic"}, wait=False)
    wait_until(lambda: "waiting for the topics no-such-topic" in aggregator.log_text(), "the words")
    assert aggregator.running and not aggregator.ready()
    assert aggregator.stop() == 0


def test_a_record_too_large_to_pass_on_whole_is_cut_and_says_so(bench, service):
    b = bench(partitions=1)
    huge = "x" * 999_900
    b.produce([("a", huge)])
    b.produce([reading("a", 1, 5)])
    service("aggregator", b.options)
    [record] = _wait_for(b, b.dead, 1)
    assert record.value.decode() == huge[:1024]
    assert record.headers["weir-original-bytes"] == str(len(huge))
    assert record.headers["weir-offset"] == "0"
    assert len(_wait_for(b, b.output, 1)) == 1


def test_at_the_bound_of_open_windows_a_partition_stands_still(bench, service, wait_until):
    b = bench(partitions=1)
    b.produce([reading(device, i, 1) for i, device in enumerate("abcab")])
    options = {**b.options, "open-windows-max": 2}
    aggregator = service("aggregator", options, wait=False)

    def said():
        conditions = aggregator.readiness().get("conditions", {})
        return "stands still at offset 2" in conditions.get("partitions", "")
    wait_until(said, "the reason")
    wait_until(lambda: b.committed() == {0: 2}, "the commit of what is whole")
    wait_until(lambda: aggregator.metrics()["weir_stalled_partitions"] == 1, "the gauge")
    assert aggregator.stop() == 0
    service("aggregator", {**options, "open-windows-max": 3}, name="larger")
    found = {r.key: r.headers["weir-count"] for r in _wait_for(b, b.output, 3)}
    assert found == {"a": "2", "b": "2", "c": "1"}
