# SPDX-License-Identifier: Apache-2.0
"""Goal: who is there and who is gone is in Kafka, also when a device dies without a word. Method:
simulators with a birth message and a will at a real mosquitto; one is killed."""

import subprocess

import pytest
from bridge_ends import TopicReader, publish
from support import wait_until


@pytest.fixture
def status(topic):
    return topic("status", cleanup_policy="compact")


@pytest.fixture
def statuses(kafka, status):
    return TopicReader(kafka.bootstrap_servers, status)


@pytest.fixture
def with_status(bridge, status):
    def start(more=None, **rest):
        return bridge({"status-topic": "status/+", "status": status, **(more or {})}, **rest)
    return start


@pytest.fixture
def simulator(service, mosquitto):
    def start(device, **more):
        return service("device-simulator", {
            "mqtt": mosquitto.url, "device": device, "topic-prefix": "t",
            "status-topic": f"status/{device}", **more}, name=f"simulator-{device}")
    return start


def said(reader, device):
    return [record.value["status"] for record in reader.poll() if record.key == device]


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_device_that_is_killed_is_offline(with_status, simulator, statuses, records, version):
    process = with_status({"mqtt-version": version})
    device = simulator("d1", **{"mqtt-version": version})
    wait_until(lambda: said(statuses, "d1") == ["online"], "the birth")
    records.wait(1)
    device.kill()
    wait_until(lambda: said(statuses, "d1") == ["online", "offline"], "the will")
    record = statuses.records[-1]
    assert set(record.value) == {"device_name", "status", "time", "retained"}
    assert record.value["device_name"] == "d1"
    assert record.value["retained"] is False
    assert record.headers["weir-origin"].startswith("mqtt-bridge/")
    assert record.headers["weir-event-time-source"] == "arrival"
    device.start().wait_ready()
    wait_until(lambda: said(statuses, "d1") == ["online", "offline", "online"], "the return")
    wait_until(lambda: process.metrics()["weir_mqtt_unacknowledged_records"] == 0, "answers")
    assert process.metrics()["weir_status_records_total"] == 3


def test_a_device_that_is_stopped_says_so_itself(with_status, simulator, statuses):
    with_status()
    device = simulator("d1")
    wait_until(lambda: said(statuses, "d1") == ["online"], "the birth")
    assert device.stop() == 0
    wait_until(lambda: said(statuses, "d1") == ["online", "offline"], "the last word")


def test_what_was_said_before_the_bridge_came_is_marked_as_kept(with_status, mosquitto, statuses):
    publish(mosquitto.port, [("status/old", "online")], retain=True)
    with_status({"retained": "skip"})  # which is about readings
    record = statuses.wait(1)[0]
    assert record.key == "old" and record.value["retained"] is True
    assert record.headers["weir-mqtt-retained"] == "true"


def test_a_status_said_while_the_bridge_is_dead_is_not_lost(with_status, mosquitto, statuses):
    process = with_status()
    process.kill()
    publish(mosquitto.port, [("status/a", "online"), ("status/b", "online"), ("status/a", "gone")])
    process.start().wait_ready()
    statuses.wait(3)
    assert said(statuses, "a") == ["online", "gone"] and said(statuses, "b") == ["online"]


def test_a_device_is_forgotten_and_nonsense_is_a_dead_letter(with_status, mosquitto, statuses,
                                                            dead):
    with_status()
    publish(mosquitto.port, [("status/a", "online"), ("status/b", "12.5")])
    subprocess.run(["mosquitto_pub", "-p", str(mosquitto.port), "-q", "1", "-r", "-n",
                    "-t", "status/a"], check=True, timeout=10)
    found = statuses.wait(2)
    assert [record.bytes for record in found][1] is None and found[1].key == "a"
    letter = dead.wait(1)[0]
    assert letter.headers["weir-mqtt-topic"] == "status/b"
    assert "12.5" in letter.headers["weir-error"]


def test_replicas_share_the_statuses_too(with_status, mosquitto, topic, statuses):
    slots = topic("slots", partitions=2)
    with_status({"slots": slots})
    publish(mosquitto.port, [("status/a", "online"), ("status/a", "offline")])
    wait_until(lambda: said(statuses, "a") == ["online", "offline"], "both")


def test_contradictions_are_found(job):
    both = ["--status-topic", "status/+", "--status", "s"]
    for options, word in [(["--status", "s"], "--status needs --status-topic"),
                          (["--status-topic", "status/+"], "--status-topic needs --status"),
                          (["--status-topic", "t/a", "--status", "s"], "t/+ and t/a overlap"),
                          ([*both, "--share", "x"], "--status-topic and --share"),
                          ([*both, "--output", "s"], "s is also the --output"),
                          ([*both, "--slots", "s"], "s is also the --status")]:
        checked = job("mqtt-bridge", ["--check", "--topic", "t/+", *options])
        assert checked.exit_code == 2
        assert word in checked.log_text()
    for options, word in [(["--connections", "2"], "--connections 1"),
                          (["--topic-prefix", "status"], "where readings go")]:
        checked = job("device-simulator", ["--check", "--status-topic", "status/a", *options])
        assert checked.exit_code == 2
        assert word in checked.log_text()
