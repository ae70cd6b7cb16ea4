# SPDX-License-Identifier: Apache-2.0
"""Replicas of mqtt-bridge that share the filters by slots, between a real mosquitto and a real
Kafka: whatever comes, goes, dies or freezes, nothing is missing and each device's numbers are in
order; and nothing comes twice where all of it is orderly."""

import signal
import socket
import struct
import time

import pytest
from bridge_ends import Publisher, TopicReader, check_order, duplicates, publish
from confluent_kafka.admin import AdminClient, NewPartitions
from support import create_topic, wait_until
from weir_local import Kafka

SITES = range(4)
FILTERS = [f"t/{site}/+" for site in SITES]
DEVICES = [f"{site}/{letter}" for site in SITES for letter in "abcdefghij"]
SESSION_TIMEOUT = 6.0  # of the group: after it a dead member's slots are given to others


@pytest.fixture
def replica(bridge, topic, unique):
    """replica("a") starts a bridge that shares the filters with the others of this test."""
    common = {"topic": FILTERS, "key": "{2}/{3}", "client-id": unique("bridge"),
              "slots": topic("slots", partitions=4)}

    def start(name, more=None, **rest):
        return bridge({**common, **(more or {})}, name=name, **rest)
    return start


def sessions(process):
    return process.metrics()["weir_mqtt_sessions"]


def owned(process):
    return {int(name.split('"')[1]) for name, value in process.metrics().items()
            if name.startswith("weir_slot_owned") and value == 1}


def wait_shares(expected, timeout=30.0):
    """Until each replica of {process: number of sessions} has as many, all of them working."""
    wait_until(lambda: all(sessions(process) == count and process.ready()
                           for process, count in expected.items()), "shares", timeout)


def throw_out(kafka, group, number):
    """Makes a member leave its group without its knowledge: LeaveGroup version 3."""
    def text(value):
        return struct.pack(">h", len(value)) + value.encode()
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    members = sorted(member.id for member in admin.list_groups(group, timeout=10)[0].members)
    request = (struct.pack(">hhi", 13, 3, 1) + text("test") + text(group)
               + struct.pack(">i", 1) + text(members[number]) + struct.pack(">h", -1))
    host, port = kafka.bootstrap_servers.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        size, _, _, error = struct.unpack(">iiih", connection.recv(14, socket.MSG_WAITALL))
        assert size > 10 and error == 0


@pytest.mark.parametrize("qos", [1, 2])
def test_replicas_come_and_go_without_a_gap_or_a_duplicate(replica, mosquitto, records, qos):
    first = replica("first", {"qos": qos})
    wait_shares({first: 4})
    publisher = Publisher(mosquitto.port, "t", DEVICES, rate=2_000, qos=qos)
    publisher.start()
    second = replica("second", {"qos": qos})
    wait_shares({first: 2, second: 2})
    third = replica("third", {"qos": qos})
    wait_until(lambda: sorted(map(sessions, (first, second, third))) == [1, 1, 2], "three shares")
    assert owned(first) | owned(second) | owned(third) == set(range(4))
    time.sleep(0.5)
    assert third.stop() == 0
    wait_shares({first: 2, second: 2})
    assert first.stop() == 0
    wait_shares({second: 4})
    expected = publisher.finish()
    found = records.wait_numbers(expected)
    check_order(found, expected)
    assert duplicates(found, expected) == 0
    assert len({record.headers["weir-origin"] for record in found}) == 3
    assert second.metrics()["weir_mqtt_suppressed_total"] == 0


def test_a_killed_replica_is_replaced_and_nothing_is_lost(replica, mosquitto, records):
    first, second = replica("first"), replica("second")
    wait_shares({first: 2, second: 2})
    publisher = Publisher(mosquitto.port, "t", DEVICES, rate=2_000)
    publisher.start()
    time.sleep(1)
    first.kill()
    wait_shares({second: 4}, SESSION_TIMEOUT + 5)
    expected = publisher.finish()
    found = records.wait_numbers(expected)
    check_order(found, expected)
    again = [record for record in found if record.headers.get("weir-maybe-duplicate") == "true"]
    assert duplicates(found, expected) <= len(again)


def test_a_standby_takes_the_only_filter_over(replica, mosquitto, records):
    only = {"topic": "t/+", "key": "{2}"}
    first, second = replica("first", only), replica("second", only)
    wait_until(lambda: len(owned(first)) == len(owned(second)) == 2
               and sessions(first) + sessions(second) == 1, "shares of the slots")
    active, standby = sorted((first, second), key=sessions, reverse=True)
    wait_shares({active: 1, standby: 0})
    assert standby.readiness()["status"] == "ready"
    assert "standing by: no filter" in standby.log_text()
    publisher = Publisher(mosquitto.port, "t", ["a", "b", "c"], rate=1_000)
    publisher.start()
    time.sleep(0.5)
    assert active.stop() == 0
    wait_shares({standby: 1}, 5)
    expected = publisher.finish()
    found = records.wait_numbers(expected)
    check_order(found, expected)
    assert duplicates(found, expected) == 0


def test_a_frozen_replica_does_not_take_back_what_others_took_over(replica, mosquitto, records):
    first, second = replica("first"), replica("second")
    wait_shares({first: 2, second: 2})
    publisher = Publisher(mosquitto.port, "t", DEVICES, rate=1_000)
    publisher.start()
    time.sleep(0.5)
    first.signal(signal.SIGSTOP)
    wait_shares({second: 4}, SESSION_TIMEOUT + 5)
    time.sleep(1)
    first.signal(signal.SIGCONT)
    wait_until(lambda: "slots lost" in first.log_text(), "end of its membership", 10)
    wait_shares({first: 2, second: 2})
    # Two at first, two taken over: none was taken away and had to be made again.
    assert second.metrics()["weir_mqtt_connections_total"] == 4
    expected = publisher.finish()
    check_order(records.wait_numbers(expected), expected)


def test_a_replica_that_was_thrown_out_goes_on_until_it_is_relieved(replica, mosquitto, records,
                                                                    kafka):
    first, second = replica("first"), replica("second")
    wait_shares({first: 2, second: 2})
    group = first.command[first.command.index("--client-id") + 1] + "-slots"
    publisher = Publisher(mosquitto.port, "t", DEVICES, rate=1_000)
    publisher.start()
    for number in (0, 1, 1):
        lost = [process.log_text().count("slots lost") for process in (first, second)]
        throw_out(kafka, group, number)
        wait_until(lambda: lost != [process.log_text().count("slots lost")
                                    for process in (first, second)], "loss")
        wait_until(lambda: owned(first) | owned(second) == set(range(4)), "owners")
        wait_shares({first: 2, second: 2})
    expected = publisher.finish()
    check_order(records.wait_numbers(expected), expected)


def test_an_outage_of_kafka_beyond_the_session_costs_no_duplicate(service, mosquitto, run_dir):
    kafka = Kafka(run_dir / "kafka").start().wait_ready()
    try:
        for name in ("in", "dead", "slots"):
            create_topic(kafka.bootstrap_servers, name, 2)
        process = service("mqtt-bridge", {
            "mqtt": mosquitto.url, "topic": FILTERS, "key": "{2}/{3}", "output": "in",
            "dead-letter": "dead", "slots": "slots",
            "bootstrap-servers": kafka.bootstrap_servers})
        wait_shares({process: 4})
        publisher = Publisher(mosquitto.port, "t", DEVICES, rate=500)
        publisher.start()
        time.sleep(0.5)
        kafka.stop()
        wait_until(lambda: "slots lost" in process.log_text(), "end of the membership", 20)
        assert not process.ready()
        assert "slots away" in process.readiness()["conditions"]["slots"]
        assert sessions(process) == 4
        kafka.start().wait_ready()
        wait_shares({process: 4})
        assert process.metrics()["weir_mqtt_connections_total"] == 4
        expected = publisher.finish()
        found = TopicReader(kafka.bootstrap_servers, "in").wait_numbers(expected)
        check_order(found, expected)
        assert duplicates(found, expected) == 0
    finally:
        kafka.stop()


def test_more_slots_move_filters_and_lose_nothing(replica, topic, mosquitto, records, kafka):
    slots = topic("few", partitions=1)
    more = {"slots": slots, "kafka": "topic.metadata.refresh.interval.ms=500"}
    first, second = replica("first", more), replica("second", more)
    wait_until(lambda: sorted(map(sessions, (first, second))) == [0, 4], "one share")
    publisher = Publisher(mosquitto.port, "t", DEVICES, rate=1_000)
    publisher.start()
    time.sleep(0.5)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.create_partitions([NewPartitions(slots, 2)])[slots].result(timeout=30)
    wait_shares({first: 2, second: 2})
    expected = publisher.finish()
    check_order(records.wait_numbers(expected), expected)


def test_without_kafka_or_the_slots_topic_nothing_is_owned_anew(service, mosquitto, run_dir,
                                                               free_port):
    kafka = Kafka(run_dir / "kafka", ports=[(free_port(), free_port())])
    process = service("mqtt-bridge", {
        "mqtt": mosquitto.url, "topic": FILTERS, "key": "{3}", "output": "in",
        "dead-letter": "dead", "slots": "slots", "bootstrap-servers": kafka.bootstrap_servers,
        "kafka": "topic.metadata.refresh.interval.ms=500"}, wait=False)
    wait_until(lambda: "waiting for Kafka" in str(process.readiness()), "reason")
    time.sleep(1)
    assert not process.ready()
    assert "connected to the MQTT broker" not in process.log_text()
    try:
        kafka.start().wait_ready()
        create_topic(kafka.bootstrap_servers, "in")
        create_topic(kafka.bootstrap_servers, "dead")
        wait_until(lambda: "the topic slots does not exist" in str(process.readiness()), "name")
        assert sessions(process) == 0
        create_topic(kafka.bootstrap_servers, "slots", 3)
        process.wait_ready()
        wait_shares({process: 4})
        publish(mosquitto.port, [(f"t/{site}/d{site}", "1") for site in SITES])
        reader = TopicReader(kafka.bootstrap_servers, "in")
        assert {record.key for record in reader.wait(4)} == {"d0", "d1", "d2", "d3"}
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
        admin.delete_topics(["slots"])["slots"].result(timeout=30)
        wait_until(lambda: "slots lost" in process.log_text(), "loss of the slots")
        assert not process.ready()
        publish(mosquitto.port, [(f"t/{site}/d{site}", "2") for site in SITES])
        reader.wait(8)  # nobody else has the sessions, so they work on
        assert process.stop() == 0
    finally:
        kafka.stop()


def test_contradictions_are_found_without_a_network(job):
    process = job("mqtt-bridge", ["--check", "--topic", "a/+", "--topic", "b/+", "--output", "out",
                                  "--slots", "out", "--in-flight", "1"])
    assert process.exit_code == 2
    assert "out is also the --output" in process.log_text()
    assert "--in-flight: 1 is not one message for each of the 2 filters" in process.log_text()
    assert job("mqtt-bridge", ["--check", "--slots", "a b"]).exit_code == 2
    assert job("mqtt-bridge", ["--check", "--slots", "slots"]).exit_code == 0
