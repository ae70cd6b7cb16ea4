# SPDX-License-Identifier: Apache-2.0
"""mqtt-bridge between a real mosquitto and a real Kafka while something dies: nothing that the MQTT
broker accepted is missing, and each device's numbers are in order."""

import random
import time

import pytest
from bridge_ends import Publisher, TopicReader, check_order, duplicates, numbers, publish
from confluent_kafka.admin import AdminClient
from support import create_topic, wait_until
from weir_local import Kafka

DEVICES = ["a", "b", "c"]


def resident_bytes(process):
    with open(f"/proc/{process.pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096


def settled(process):
    return process.metrics()["weir_mqtt_unacknowledged_records"] == 0


@pytest.mark.parametrize("variant", [{}, {"mqtt-version": "3.1.1"}, {"qos": 2}],
                         ids=["v5", "v3.1.1", "qos2"])
def test_kills_lose_nothing(bridge, mosquitto, records, variant):
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    process = bridge(variant)
    publisher = Publisher(mosquitto.port, "t", DEVICES, rate=2_000, qos=variant.get("qos", 1))
    publisher.start()
    for _ in range(8):
        time.sleep(rng.uniform(0.1, 0.7))
        process.kill()
        process.start()
    process.wait_ready()
    expected = publisher.finish()
    found = records.wait_numbers(expected)
    check_order(found, expected)
    repeated = set()
    for record in found:
        place = (record.key, record.value["data"])
        assert place not in repeated or record.headers.get("weir-maybe-duplicate") == "true"
        repeated.add(place)
    print("messages", sum(expected.values()), "duplicates", duplicates(found, expected))


def test_kafka_away_is_waited_for_in_little_memory(service, mosquitto, run_dir):
    kafka = Kafka(run_dir / "kafka").start().wait_ready()
    try:
        create_topic(kafka.bootstrap_servers, "in", 4)
        create_topic(kafka.bootstrap_servers, "dead", 1)
        process = service("mqtt-bridge", {
            "mqtt": mosquitto.url, "topic": "t/+", "bootstrap-servers": kafka.bootstrap_servers,
            "output": "in", "dead-letter": "dead", "in-flight": 1_000})
        publisher = Publisher(mosquitto.port, "t", DEVICES, rate=3_000)
        publisher.start()
        time.sleep(1)
        kafka.stop()
        wait_until(lambda: "kafka" in str(process.readiness()) and not process.ready(),
                   "report that Kafka is away")
        assert process.get("/healthz")[0] == 200
        # The window given to the MQTT broker is half of --in-flight; of that, what Kafka confirmed
        # behind something it did not waits to be acknowledged.
        wait_until(lambda: process.metrics()["weir_mqtt_unacknowledged_records"] > 100, "messages")
        time.sleep(1)
        before = resident_bytes(process)
        time.sleep(4)  # 12,000 messages more
        assert resident_bytes(process) < before + 2_000_000
        metrics = process.metrics()
        assert metrics["weir_mqtt_unacknowledged_records"] <= 1_000
        assert metrics["weir_mqtt_oldest_unacknowledged_seconds"] > 3
        kafka.start().wait_ready()
        process.wait_ready()
        expected = publisher.finish()
        found = TopicReader(kafka.bootstrap_servers, "in").wait_numbers(expected)
        check_order(found, expected)
        assert duplicates(found, expected) == 0
        wait_until(lambda: settled(process), "acknowledgement of everything")
    finally:
        kafka.stop()


@pytest.mark.alone  # pings have to be answered within half a second
def test_at_qos_0_too_no_more_is_held_than_told(service, mosquitto, run_dir):
    kafka = Kafka(run_dir / "kafka").start().wait_ready()
    try:
        create_topic(kafka.bootstrap_servers, "in", 1)
        create_topic(kafka.bootstrap_servers, "dead", 1)
        process = service("mqtt-bridge", {
            "mqtt": mosquitto.url, "topic": "t/+", "bootstrap-servers": kafka.bootstrap_servers,
            "output": "in", "dead-letter": "dead", "in-flight": 200, "qos": 0, "keep-alive": "1s"})
        kafka.stop()
        publisher = Publisher(mosquitto.port, "t", DEVICES, rate=2_000)
        publisher.start()
        wait_until(lambda: process.metrics()["weir_mqtt_pauses_total"] == 1, "pause")
        time.sleep(3)  # three keep-alives: pings go on while nothing is read
        assert process.metrics()["weir_mqtt_unacknowledged_records"] == 200
        assert process.metrics()["weir_mqtt_connections_total"] == 1
        kafka.start().wait_ready()
        wait_until(lambda: process.metrics()["weir_records_out_total"] > 2_000, "records again")
        publisher.finish()
        found = TopicReader(kafka.bootstrap_servers, "in").wait(2_000)
        for device in DEVICES:
            seen = numbers(found, device)
            assert seen == sorted(set(seen))
        assert process.metrics()["weir_mqtt_connections_total"] == 1
    finally:
        kafka.stop()


def test_ten_thousand_devices(bridge, service, mosquitto, records):
    process = bridge()
    fleet = service("device-simulator", {"mqtt": mosquitto.url, "topic-prefix": "t", "qos": 1,
                                         "devices": 10_000, "interval": "2s", "count": 2},
                    wait=False)
    wait_until(lambda: not fleet.running, "end of the simulator", 60)
    found = records.wait(20_000)
    assert len(found) == 20_000
    assert len({record.key for record in found}) == 10_000
    assert all(record.key == record.value["device_name"] for record in found)
    wait_until(lambda: settled(process), "acknowledgement of everything")
    assert resident_bytes(process) < 30_000_000


def test_a_restart_of_mosquitto_loses_nothing(bridge, mosquitto, records):
    process = bridge()
    publisher = Publisher(mosquitto.port, "t", DEVICES, rate=1_000)
    publisher.start()
    time.sleep(1)
    mosquitto.restart()
    wait_until(lambda: process.metrics()["weir_mqtt_connections_total"] == 2, "subscription", 20)
    process.wait_ready()
    time.sleep(0.5)
    expected = publisher.finish()
    found = records.wait_numbers(expected)
    for device, last in expected.items():
        # The publisher, too, sends again what was not answered, so that only the set is certain.
        assert set(numbers(found, device)) == set(range(1, last + 1))
    assert process.metrics()["weir_mqtt_sessions_lost_total"] == 0


def test_a_broker_that_forgets_the_session_is_noticed(bridge, mosquitto):
    process = bridge()
    mosquitto.stop()
    for kept in (mosquitto.run_dir / "mosquitto").glob("mosquitto.db*"):
        kept.unlink()
    wait_until(lambda: not process.ready(), "report that mosquitto is away")
    assert process.get("/healthz")[0] == 200
    mosquitto.start().wait_ready()
    process.wait_ready()
    wait_until(lambda: process.metrics()["weir_mqtt_sessions_lost_total"] == 1, "count of it")


@pytest.mark.alone  # mosquitto has a second to read what a bridge acknowledges at its end
def test_stop_and_start_leave_no_gap_and_no_duplicate(bridge, mosquitto, records):
    process = bridge()
    publisher = Publisher(mosquitto.port, "t", DEVICES, rate=2_000)
    publisher.start()
    for _ in range(4):
        time.sleep(0.5)
        began = time.monotonic()
        assert process.stop() == 0
        assert time.monotonic() - began < 2
        process.start().wait_ready()
    expected = publisher.finish()
    found = records.wait_numbers(expected)
    check_order(found, expected)
    assert duplicates(found, expected) == 0


def test_a_stop_while_kafka_is_away_is_bounded(service, mosquitto, run_dir):
    kafka = Kafka(run_dir / "kafka").start().wait_ready()
    try:
        create_topic(kafka.bootstrap_servers, "in", 1)
        create_topic(kafka.bootstrap_servers, "dead", 1)
        process = service("mqtt-bridge", {
            "mqtt": mosquitto.url, "topic": "t/+", "bootstrap-servers": kafka.bootstrap_servers,
            "output": "in", "dead-letter": "dead"})
        kafka.stop()
        publisher = Publisher(mosquitto.port, "t", DEVICES, rate=1_000)
        publisher.start()
        wait_until(lambda: process.metrics()["weir_mqtt_unacknowledged_records"] > 100, "messages")
        assert process.stop() == 0
        assert "the MQTT broker will send it again" in process.log_text()
        kafka.start().wait_ready()
        process.start().wait_ready()
        expected = publisher.finish()
        found = TopicReader(kafka.bootstrap_servers, "in").wait_numbers(expected)
        check_order(found, expected)
    finally:
        kafka.stop()


def test_it_subscribes_before_kafka_is_there(service, mosquitto, run_dir, free_port):
    kafka = Kafka(run_dir / "kafka", ports=[(free_port(), free_port())])
    process = service("mqtt-bridge", {
        "mqtt": mosquitto.url, "topic": "t/+", "bootstrap-servers": kafka.bootstrap_servers,
        "output": "in", "dead-letter": "dead"}, wait=False)
    wait_until(lambda: "subscribed" in process.log_text(), "subscription")
    publisher = Publisher(mosquitto.port, "t", DEVICES, rate=500)
    publisher.start()
    try:
        kafka.start().wait_ready()
        wait_until(lambda: "does not exist" in str(process.readiness()), "report of the topic")
        create_topic(kafka.bootstrap_servers, "in", 1)
        create_topic(kafka.bootstrap_servers, "dead", 1)
        process.wait_ready()
        expected = publisher.finish()
        check_order(TopicReader(kafka.bootstrap_servers, "in").wait_numbers(expected), expected)
    finally:
        kafka.stop()


def test_a_topic_that_is_deleted_ends_it_with_a_clear_word_and_loses_nothing(bridge, mosquitto,
                                                                            kafka, output):
    process = bridge()
    publish(mosquitto.port, [("t/first", "1")])  # librdkafka waits longer for a topic it never knew
    wait_until(lambda: process.metrics()["weir_mqtt_acknowledged_total"] == 1, "acknowledgement")
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.delete_topics([output])[output].result(timeout=30)
    publish(mosquitto.port, [("t/a", str(n)) for n in range(1, 11)])
    wait_until(lambda: not process.running, "end of the bridge", 60)
    assert process.exit_code == 1
    assert f"{output}: " in process.log_text()
    assert "the topic has to exist" in process.log_text()
    create_topic(kafka.bootstrap_servers, output, 4)
    process.start().wait_ready()
    check_order(TopicReader(kafka.bootstrap_servers, output).wait_numbers({"a": 10}), {"a": 10})
