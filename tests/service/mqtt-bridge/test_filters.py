# SPDX-License-Identifier: Apache-2.0
"""Goal: filters may change from one start to the next under the same client id, and what a broker
grants is told. Method: a real mosquitto, which keeps subscriptions with the session."""

import pytest
from bridge_ends import publish
from support import wait_until
from weir_local import Mosquitto


def letters_or_records(process):
    return process.metrics().get("weir_mqtt_acknowledged_total", 0)


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_filter_that_is_not_taken_back_goes_on(bridge, mosquitto, records, dead, version):
    first = bridge({"topic": ["old/+", "t/+"], "mqtt-version": version})
    assert first.stop() == 0
    kept = bridge({"topic": "t/+", "mqtt-version": version}, name="kept")
    publish(mosquitto.port, [("old/a", "1"), ("t/a", "2")])
    records.wait(1)
    assert "no --topic matches" in dead.wait(1)[0].headers["weir-error"]
    assert kept.stop() == 0
    changed = bridge({"topic": "t/+", "unsubscribe": "old/+", "mqtt-version": version},
                     name="changed")
    wait_until(lambda: "unsubscribed from old filters" in changed.log_text(), "the word of it")
    publish(mosquitto.port, [("old/a", "3"), ("t/a", "4")])
    found = records.wait(2)
    assert [record.value["data"] for record in found] == [2, 4]
    wait_until(lambda: letters_or_records(changed) == 1, "the acknowledgement")
    assert len(dead.poll()) == 1


def test_a_bridge_moves_into_a_share_and_out_of_it(bridge, mosquitto, records):
    assert bridge().stop() == 0
    shared = bridge({"share": "weir", "unsubscribe": "t/+"}, name="shared")
    wait_until(lambda: "unsubscribed from old filters" in shared.log_text(), "the word of it")
    publish(mosquitto.port, [("t/a", "1")])
    wait_until(lambda: letters_or_records(shared) == 1, "the acknowledgement")
    assert shared.stop() == 0
    alone = bridge({"unsubscribe": "$share/weir/t/+"}, name="alone")
    wait_until(lambda: "unsubscribed from old filters" in alone.log_text(), "the word of it")
    publish(mosquitto.port, [("t/a", "2")])
    wait_until(lambda: letters_or_records(alone) == 1, "the acknowledgement")
    assert alone.stop() == 0
    assert [record.value["data"] for record in records.wait(2)] == [1, 2]


def test_a_broker_that_grants_less_is_told_of(service, bridge, run_dir):
    mosquitto = Mosquitto(run_dir, name="low", extra="max_qos 0").start().wait_ready()
    try:
        process = bridge({"mqtt": mosquitto.url})
        assert "t/+ is granted at QoS 0 only and loses messages" in process.log_text()
        assert "max_qos" in process.log_text()
    finally:
        mosquitto.stop()


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_what_the_broker_dropped_is_told(bridge, run_dir, records, version):
    mosquitto = Mosquitto(run_dir, name="small", extra="max_queued_messages 5\nsys_interval 1")
    mosquitto.start().wait_ready()
    try:
        options = {"mqtt": mosquitto.url, "mqtt-version": version,
                   "dropped-topic": "$SYS/broker/publish/messages/dropped"}
        process = bridge(options)
        process.kill()
        publish(mosquitto.port, [("t/a", str(n)) for n in range(50)])
        process.start().wait_ready()
        wait_until(lambda: "the MQTT broker has dropped messages" in process.log_text(), "the word")
        wait_until(lambda: process.metrics()["weir_mqtt_broker_dropped_messages"] > 20, "the count")
        assert len(records.wait(5)) < 30
        assert process.ready()
    finally:
        mosquitto.stop()


def test_contradictions_are_found(job):
    for options, word in [(["--unsubscribe", "t/+"], "t/+ is subscribed to as well"),
                          (["--unsubscribe", "a/#/b"], "topic filter"),
                          (["--share", "x", "--unsubscribe", "$share/x/t/+"], "as well"),
                          (["--dropped-topic", "t/x"], "subscribed to by t/+ as well"),
                          (["--slots", "s", "--unsubscribe", "a"], "--unsubscribe and --slots")]:
        checked = job("mqtt-bridge", ["--check", "--topic", "t/+", *options])
        assert checked.exit_code == 2
        assert word in checked.log_text()
    for options in (["--topic", "t/+", "--share", "x", "--unsubscribe", "t/+"], ["--topic", "#"],
                    ["--topic", "+"]):
        good = job("mqtt-bridge", ["--check", *options])
        assert good.exit_code == 0, good.log_text()
