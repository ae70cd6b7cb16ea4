# SPDX-License-Identifier: Apache-2.0
"""Goal: a record is made of any part of a message, and what cannot be made is a dead letter.
Method: messages with MQTT 5 properties from mosquitto_pub, looked at in a real Kafka."""

import subprocess

import pytest
from bridge_ends import Publisher, publish
from support import wait_until


@pytest.fixture
def send(mosquitto):
    """send("t/a", "1", "content-type text/plain") publishes with properties at QoS 1."""
    def publish_one(topic, payload, *properties):
        command = ["mosquitto_pub", "-V", "mqttv5", "-p", str(mosquitto.port), "-q", "1",
                   "-t", topic, *(["-s"] if payload else ["-n"])]
        for words in properties:
            command += ["-D", "publish", *words]
        subprocess.run(command, input=payload, check=True, timeout=10)
    return publish_one


def test_properties_become_headers(bridge, send, records):
    bridge()
    send("t/a", b"1", ("user-property", "site", "north"), ("user-property", "ü", "ö"),
         ("content-type", "text/plain"), ("correlation-data", "7"), ("response-topic", "answers/a"),
         ("message-expiry-interval", "600"))
    headers = records.wait(1)[0].headers
    assert headers.pop("weir-origin").startswith("mqtt-bridge/")
    assert 590 <= int(headers.pop("mqtt-expiry-seconds")) <= 600
    assert headers == {"site": "north", "ü": "ö", "content-type": "text/plain",
                       "mqtt-correlation-data": "7", "mqtt-response-topic": "answers/a",
                       "weir-event-time-source": "arrival"}


def test_keys_headers_and_times_are_made_of_the_message(bridge, send, records, dead):
    bridge({"key": "{/id}@{user:site}", "header": ["level={1}", "unit={/unit}"],
            "record-time": "at", "properties": "skip"})
    site = ("user-property", "site", "north")
    good = b'{"id":7,"unit":"ppm","at":"2024-10-07T13:02:45.123Z"}'
    send("t/a", good, site)
    record = records.wait(1)[0]
    assert record.key == "7@north"
    assert record.headers["level"] == "t" and record.headers["unit"] == "ppm"
    assert "site" not in record.headers
    assert record.timestamp_ms == 1_728_306_165_123

    send("t/a", good)
    send("t/a", b'{"id":7,"at":1}', site)
    send("t/a", b'{"id":7,"unit":"ppm","at":"soon"}', site)
    send("t/a", b"12.5", site)
    reasons = [letter.headers["weir-error"] for letter in dead.wait(4)]
    assert 'no user property "site"' in reasons[0]
    assert reasons[1].startswith("header unit: ") and reasons[2].startswith("at /at: ")
    assert "at /id" in reasons[3]


def test_raw_values_pass_untouched(bridge, send, records):
    bridge({"value": "raw"})
    payloads = [bytes(range(256)), b"", b"{broken", b"\xff\xfe", b"12.5\n"]
    for payload in payloads:
        send("t/a", payload, ("content-type", "application/octet-stream"))
    found = records.wait(len(payloads))
    assert [record.bytes for record in found] == payloads
    assert all(record.headers["content-type"] == "application/octet-stream" for record in found)


def test_a_device_cannot_pretend_to_be_weir(bridge, send, dead):
    bridge()
    send("t/a", b"1", ("user-property", "weir-origin", "me"))
    assert "reserved" in dead.wait(1)[0].headers["weir-error"]


def test_retained_messages_are_skipped_where_that_is_wanted(bridge, mosquitto, records):
    publish(mosquitto.port, [("t/a", "1")], retain=True)
    process = bridge({"retained": "skip"})
    publish(mosquitto.port, [("t/b", "2")])
    assert records.wait(1)[0].key == "b"
    assert process.metrics()["weir_mqtt_retained_skipped_total"] == 1
    wait_until(lambda: process.metrics()["weir_mqtt_acknowledged_total"] == 2, "acknowledgements")


def test_a_shared_subscription_deals_the_messages_and_loses_none(bridge, mosquitto, records):
    replicas = [bridge({"share": "weir", "client-id": f"bridge-{i}"}, name=f"bridge-{i}")
                for i in range(3)]
    publisher = Publisher(mosquitto.port, "t", "abcdef", rate=2_000)
    publisher.start()
    records.wait(500)
    replicas[0].kill()
    replicas[0].start().wait_ready()
    records.wait(2_000)
    expected = publisher.finish()
    records.wait_numbers(expected)
    shares = [process.metrics()['weir_records_in_total{qos="1"}'] for process in replicas]
    assert all(share > 100 for share in shares), shares


def test_contradictions_are_found(job):
    for options, word in [(["--share", "a/b"], "--share"), (["--value", "xml"], "raw"),
                          (["--share", "a", "--slots", "s"], "expected one of them"),
                          (["--share", "a", "--mqtt-version", "3.1.1"], "--mqtt-version 5"),
                          (["--header", "weir-x={1}"], "weir-"), (["--record-time", "/~"], "~"),
                          (["--key", "{id}"], "{/id}")]:
        checked = job("mqtt-bridge", ["--check", "--topic", "t/+", *options])
        assert checked.exit_code == 2
        assert word in checked.log_text()
