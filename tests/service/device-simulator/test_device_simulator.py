# SPDX-License-Identifier: Apache-2.0
"""device-simulator against a real mosquitto, listened to by an independent client."""

import json
import re
import signal
import subprocess
import time
import uuid
from collections import defaultdict

import paho.mqtt.client as mqtt
import pytest
from listening import PREFIX, ear, simulator  # noqa: F401
from support import wait_until


def run_to_end(simulator, options):
    process = simulator(options, wait=False)
    wait_until(lambda: not process.running, "end of the simulator")
    assert process.exit_code == 0, process.log_tail()
    return process


@pytest.mark.alone  # it measures intervals
def test_two_devices_as_the_first_version_had_them(simulator, ear):
    process = simulator({"device": ["device1", "device2"]})
    wait_until(lambda: len(ear.messages) >= 20, "readings")
    assert process.stop() == 0
    for device in ("device1", "device2"):
        times = [t for t, d, _ in ear.messages if d == device]
        gaps = [b - a for a, b in zip(times, times[1:])]
        assert 0.30 < sum(gaps) / len(gaps) < 0.36
    for _, device, payload in ear.messages:
        assert device in ("device1", "device2")
        assert re.fullmatch(r"\d{1,3}\.\d\d0", payload)
        assert 0 <= float(payload) <= 999
    assert len({payload for _, _, payload in ear.messages}) > 15


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_seed_repeats_a_run_and_a_count_ends_it(simulator, ear, version):
    options = {"devices": 5, "count": 10, "interval": "20ms", "seed": 42, "qos": 1,
               "mqtt-version": version}
    process = run_to_end(simulator, options)
    wait_until(lambda: len(ear.messages) == 50, "50 readings")
    first = ear.by_device()
    assert {device: len(values) for device, values in first.items()} == \
        {f"device{i}": 10 for i in range(1, 6)}
    assert "dropped" not in process.log_text()
    ear.messages.clear()
    run_to_end(simulator, options)
    wait_until(lambda: len(ear.messages) == 50, "50 readings")
    assert ear.by_device() == first
    ear.messages.clear()
    run_to_end(simulator, {**options, "seed": 43})
    wait_until(lambda: len(ear.messages) == 50, "50 readings")
    assert ear.by_device() != first


def test_objects_show_disorder_and_lateness(simulator, ear):
    run_to_end(simulator, {"devices": 10, "count": 100, "interval": "20ms", "seed": 1,
                           "payload": "json", "qos": 1, "delay-share": 0.3, "delay-max": "500ms",
                           "late-share": 0.02, "late-by": "2s"})
    wait_until(lambda: len(ear.messages) == 1000, "1000 readings")
    for device, payloads in ear.by_device().items():
        records = [json.loads(payload) for payload in payloads]
        assert sorted(record["seq"] for record in records) == list(range(1, 101))
        assert [record["seq"] for record in records] != list(range(1, 101))
        assert {record["device_name"] for record in records} == {device}
        by_seq = sorted(records, key=lambda record: record["seq"])
        times = [record["timestamp"] for record in by_seq]
        assert times == sorted(times)


def test_a_recording_is_replayed(simulator, ear, run_dir):
    recording = run_dir / "recording.jsonl"
    lines = [{"offset": 0, "device": "a", "payload": "863.850"},
             {"offset": 1, "device": "b", "payload": {"data": 1.5}},
             {"offset": 2, "device": "a", "payload": 7}]
    recording.write_text("".join(json.dumps(line) + "\n" for line in lines))
    run_to_end(simulator, {"replay": recording, "speed": 4, "qos": 1})
    wait_until(lambda: len(ear.messages) == 3, "3 messages")
    assert [(d, p) for _, d, p in ear.messages] == \
        [("a", "863.850"), ("b", '{"data": 1.5}'), ("a", "7")]
    times = [t for t, _, _ in ear.messages]
    assert times[2] - times[0] == pytest.approx(0.5, abs=0.2)
    recording.write_text('{"offset":0}\n')
    process = simulator({"replay": recording}, wait=False)
    wait_until(lambda: not process.running, "end of the simulator")
    assert process.exit_code == 1
    assert "line 1: /device" in process.log_text()


def test_ten_thousand_devices(simulator, mosquitto):
    counts = defaultdict(int)
    client = mqtt.Client(uuid.uuid4().hex)
    client.on_message = lambda _c, _d, message: counts.__setitem__(
        message.topic, counts[message.topic] + 1)
    client.connect("127.0.0.1", mosquitto.port)
    client.subscribe(f"{PREFIX}/+", 1)
    client.loop_start()
    process = simulator({"devices": 10_000, "interval": "3s", "qos": 1, "count": 2}, wait=False)
    wait_until(lambda: not process.running, "end of the simulator", 60)
    assert process.exit_code == 0
    wait_until(lambda: sum(counts.values()) == 20_000, "20,000 readings", 60)
    assert len(counts) == 10_000
    assert set(counts.values()) == {2}
    client.disconnect()
    client.loop_stop()


def test_at_qos_0_readings_are_dropped_and_counted_while_the_broker_is_away(simulator, mosquitto):
    process = simulator({"devices": 10, "interval": "50ms"})
    mosquitto.stop()
    wait_until(lambda: not process.ready(), "report that the broker is away")
    assert process.get("/healthz")[0] == 200
    health = ("weir_ready", 'weir_condition_met{condition="mqtt"}', "weir_alive")
    assert [process.metrics()[name] for name in health] == [0, 0, 1]
    name = 'weir_records_dropped_total{reason="broker_away"}'
    wait_until(lambda: process.metrics()[name] > 100, "count of dropped readings")
    mosquitto.start().wait_ready()
    process.wait_ready()
    assert [process.metrics()[name] for name in health] == [1, 1, 1]
    wait_until(lambda: "readings were dropped while" in process.log_text(), "report of them")
    published = process.metrics()["weir_records_out_total"]
    wait_until(lambda: process.metrics()["weir_records_out_total"] > published + 100, "readings")
    assert process.stop() == 0
    assert process.log_text().count("lost the MQTT broker") == 1


def test_at_qos_1_readings_wait_for_the_broker_and_none_is_lost(simulator, mosquitto, ear):
    process = simulator({"devices": 10, "interval": "10ms", "qos": 1, "payload": "json",
                         "count": 300})
    wait_until(lambda: process.metrics()["weir_records_out_total"] > 200, "readings")
    mosquitto.stop()
    time.sleep(1)
    assert process.running
    mosquitto.start().wait_ready()
    wait_until(lambda: not process.running, "end of the simulator", 60)
    assert process.exit_code == 0

    def complete():
        seen = {device: {json.loads(p)["seq"] for p in payloads}
                for device, payloads in ear.by_device().items()}
        return len(seen) == 10 and all(seqs == set(range(1, 301)) for seqs in seen.values())
    wait_until(complete, "every reading")


def test_a_killed_broker_does_not_stop_it(simulator, mosquitto):
    process = simulator({"devices": 10, "interval": "10ms", "qos": 2, "count": 300})
    wait_until(lambda: process.metrics()["weir_records_out_total"] > 200, "readings")
    mosquitto.kill()
    mosquitto.start().wait_ready()
    wait_until(lambda: not process.running, "end of the simulator", 60)
    assert process.exit_code == 0


def test_a_full_queue_makes_the_devices_wait(simulator, mosquitto):
    process = simulator({"devices": 10, "interval": "5ms", "qos": 1, "queue": 500})
    mosquitto.stop()
    wait_until(lambda: "the devices wait" in process.log_text(), "report of it")
    metrics = process.metrics()
    assert metrics["weir_queue_records"] <= 500 + 1000  # and what was on its way
    taken = metrics["weir_readings_total"]
    time.sleep(1)
    assert process.metrics()["weir_readings_total"] == taken
    mosquitto.start().wait_ready()
    wait_until(lambda: process.metrics()["weir_readings_total"] > taken + 1000, "readings again")
    assert process.stop() == 0


def test_it_waits_for_a_broker_and_stops_without_one(service, free_port):
    process = service("device-simulator", {"mqtt": f"tcp://127.0.0.1:{free_port()}"}, wait=False)
    wait_until(lambda: "cannot connect" in process.log_text(), "report of it")
    assert process.get("/readyz")[0] == 503
    assert process.stop() == 0


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_who_asks_later_learns_whether_a_device_is_there(simulator, mosquitto, version):
    """Its birth and its will are retained, and a broker that restarts hears of it again."""
    def status():
        return subprocess.run(["mosquitto_sub", "-p", str(mosquitto.port), "-t", "status/a", "-C",
                               "1", "-W", "5"], capture_output=True, text=True).stdout.strip()

    process = simulator({"device": "a", "status-topic": "status/a", "mqtt-version": version})
    wait_until(lambda: status() == "online", "the birth")
    process.kill()
    wait_until(lambda: status() == "offline", "the will")
    process.start().wait_ready()
    wait_until(lambda: status() == "online", "the second birth")
    mosquitto.kill()
    mosquitto.start().wait_ready()
    wait_until(lambda: status() == "online", "the birth at another broker")
    assert process.stop() == 0
    assert status() == "offline"


def test_a_stop_is_bounded_by_one_wait_for_all_connections(simulator, mosquitto):
    process = simulator({"devices": 64, "connections": 8, "interval": "50ms", "qos": 1})
    mosquitto.signal(signal.SIGSTOP)
    try:
        wait_until(lambda: process.metrics()["weir_in_flight_records"] > 200, "unanswered readings")
        began = time.monotonic()
        assert process.stop() == 0
        assert time.monotonic() - began < 8  # 2 s and what paho takes, not 2 s for each
        assert "readings that the MQTT broker has not taken" in process.log_text()
    finally:
        mosquitto.signal(signal.SIGCONT)


def test_every_mistake_is_reported_at_once(job):
    process = job("device-simulator", ["--check", "--device", "a/b", "--devices", "0",
                                       "--interval", "0", "--delay-share", "2", "--low=5",
                                       "--high", "x", "--speeed", "2"])
    assert process.exit_code == 2
    words = process.log_text()
    for name in ("--device:", "--devices", "--interval", "--delay-share", "--high", "speed?"):
        assert name in words
    both = job("device-simulator", ["--check", "--device", "a", "--device", "a", "--devices", "3",
                                    "--low=5", "--high", "4", "--late-share", "1"])
    words = both.log_text()
    assert both.exit_code == 2
    for part in ("names or a number", "given twice", "at most --high"):
        assert part in words
