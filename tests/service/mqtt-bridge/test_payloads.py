# SPDX-License-Identifier: Apache-2.0
"""mqtt-bridge between a real mosquitto and a real Kafka: what becomes of each payload."""

import json
import re
import time

import pytest
from bridge_ends import TopicReader, publish
from support import wait_until

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?"

NUMBERS = {"863.850": "863.85", "0": "0.0", "849.63\r\n": "849.63", "-0.5": "-0.5", "+5": "5.0",
           ".5": "0.5", "1e3": "1000.0", "26160.56": "26160.56", "0.1": "0.1"}

BROKEN = [b"", b"  ", b"nan", b"NaN", b"inf", b"-inf", b"Infinity", b"ovf", b"1e999", b"12,5",
          b"0x10", b"1 2", b"Ro: 4.69 kohm", b"true", b"null", b'"7"', b"[1]", b"{",
          b'{"data":NaN}', b'{"data":1}x', b'{"data":"\xff"}', b"\xff\xfe\x00", b"863.850\x00",
          b"{'data':1}"]


def test_a_number_becomes_a_record_with_the_time_of_its_arrival(bridge, mosquitto, records):
    process = bridge()
    began = time.time()
    publish(mosquitto.port, [(f"t/d{i}", text) for i, text in enumerate(NUMBERS)])
    found = {record.key: record for record in records.wait(len(NUMBERS))}
    ended = time.time()
    for i, expected in enumerate(NUMBERS.values()):
        record = found[f"d{i}"]
        form = rf'\{{"timestamp":"({STAMP})","device_name":"d{i}","data":(.*)\}}'
        match = re.fullmatch(form, record.bytes.decode())
        assert match, record.bytes
        assert match[3] == expected
        utc = "%Y-%m-%d %H:%M:%S"
        assert time.strftime(utc, time.gmtime(began)) <= match[1]
        assert match[1][:19] <= time.strftime(utc, time.gmtime(ended))
        assert record.headers["weir-event-time-source"] == "arrival"
        assert record.headers["weir-origin"].startswith("mqtt-bridge/")
        assert "weir-maybe-duplicate" not in record.headers
    metrics = process.metrics()
    assert metrics['weir_records_in_total{qos="1"}'] == len(NUMBERS)
    wait_until(lambda: process.metrics()["weir_mqtt_acknowledged_total"] == len(NUMBERS), "acks")


def test_an_object_is_kept_and_completed(bridge, mosquitto, records):
    bridge()
    whole = '{ "timestamp": 1728306165.5, "device_name":"x", "data":1.50, "seq":7 }'
    publish(mosquitto.port, [
        ("t/whole", whole), ("t/timeless", '{"data":1.50,"unit":"ppm","n":{"a":[1, 2]}}'),
        ("t/nameless", '{"data":2,"timestamp":"2024-10-07T13:02:45Z"}'), ("t/empty", "{}"),
        ("t/kept", '{"device_name":"other","data":3}'), ("t/grün", '{"data":4,"timestamp":null}')])
    found = {record.key: record for record in records.wait(6)}
    assert found["whole"].bytes.decode() == whole
    assert found["nameless"].bytes == \
        b'{"device_name":"nameless","data":2,"timestamp":"2024-10-07T13:02:45Z"}'
    assert found["grün"].bytes.decode() == '{"device_name":"grün","data":4,"timestamp":null}'
    form = rf'\{{"timestamp":"{STAMP}","device_name":"timeless",' \
        r'"data":1.50,"unit":"ppm","n":\{"a":\[1, 2\]\}\}'
    assert re.fullmatch(form, found["timeless"].bytes.decode())
    assert re.fullmatch(rf'\{{"timestamp":"{STAMP}","device_name":"empty"\}}',
                        found["empty"].bytes.decode())
    assert found["kept"].value["device_name"] == "other"
    stamped = {key for key, record in found.items() if "weir-event-time-source" in record.headers}
    assert stamped == {"timeless", "empty", "kept"}


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_what_is_broken_goes_to_the_dead_letter_topic_and_the_rest_flows(bridge, mosquitto, records,
                                                                         dead, qos):
    process = bridge({"qos": qos})
    publish(mosquitto.port, [(f"t/d{i}", payload) for i, payload in enumerate(BROKEN)]
            + [("t/", "1"), ("t/good", "1")], qos)
    assert records.wait(1)[0].key == "good"
    letters = {record.headers["weir-mqtt-topic"]: record
               for record in dead.wait(len(BROKEN) + 1)}
    for i, payload in enumerate(BROKEN):
        letter = letters[f"t/d{i}"]
        assert letter.bytes == payload
        assert letter.headers["weir-stage"] == "map"
        assert letter.headers["weir-origin"].startswith("mqtt-bridge/")
        assert len(letter.headers["weir-error"]) > 10
    assert letters["t/"].headers["weir-error"] == "the topic names no device"
    assert letters["t/d2"].headers["weir-error"] == \
        'expected a finite number or a JSON object, got "nan"'
    assert len(records.poll()) == 1

    def settled():
        metrics = process.metrics()
        return (metrics["weir_mqtt_unacknowledged_records"] == 0
                and metrics["weir_mqtt_acknowledged_total"] == len(BROKEN) + 2
                and metrics['weir_dead_letters_total{stage="map"}'] == len(BROKEN) + 1)
    wait_until(settled, "acknowledgement of everything")


def test_large_payloads_pass_or_die_whole_or_with_their_beginning(bridge, mosquitto, records, dead):
    process = bridge()
    start = '{"timestamp":"2024-10-07 13:02:45","device_name":"d","data":1,"text":"'
    fits = start + "x" * (256 * 1024 - len(start) - 2) + '"}'
    beyond = start + "x" * 300_000 + '"}'
    huge = start + "x" * 3_000_000 + '"}'
    publish(mosquitto.port, [("t/fits", fits), ("t/beyond", beyond), ("t/huge", huge),
                             ("t/after", "1")])
    found = {record.key: record for record in records.wait(2)}
    assert found["fits"].bytes.decode() == fits
    assert "after" in found
    letters = {record.headers["weir-mqtt-topic"]: record for record in dead.wait(2)}
    assert letters["t/beyond"].bytes.decode() == beyond
    assert "weir-original-bytes" not in letters["t/beyond"].headers
    assert huge.startswith(letters["t/huge"].bytes.decode())
    assert len(letters["t/huge"].bytes) == 900_000
    assert letters["t/huge"].headers["weir-original-bytes"] == str(len(huge))
    assert "262144 are allowed" in letters["t/huge"].headers["weir-error"]
    wait_until(lambda: process.metrics()["weir_mqtt_acknowledged_total"] == 4, "acknowledgements")


def test_what_kafka_refuses_is_buried_as_it_came_with_kafkas_words(bridge, mosquitto, topic, dead):
    small = topic("small", max_message_bytes=2_000)
    bridge({"output": small, "kafka": "batch.size=2000"})
    payload = json.dumps({"data": "x" * 5_000}) + "\r\n"
    publish(mosquitto.port, [("t/d", payload)])
    letter = dead.wait(1)[0]
    assert letter.bytes.decode() == payload
    assert letter.key == "d"
    assert letter.headers["weir-mqtt-topic"] == "t/d"
    assert letter.headers["weir-stage"] == "deliver"
    assert "MSG_SIZE_TOO_LARGE" in letter.headers["weir-error"]


def test_good_records_are_not_refused_with_their_batch(bridge, mosquitto, topic, dead, kafka):
    # A broker refuses a batch as a whole: 300 good readings were buried together.
    small = topic("small", max_message_bytes=2_000)
    process = bridge({"output": small}, wait=False)
    wait_until(lambda: "subscribed" in process.log_text(), "subscription")
    publish(mosquitto.port, [("t/d", str(n)) for n in range(300)])
    wait_until(lambda: not process.running, "end of the bridge")
    assert process.exit_code == 1
    assert f"{small} takes batches of 2000 bytes" in process.log_text()
    assert "give --kafka batch.size=2000 or less" in process.log_text()
    process.command += ["--kafka", "batch.size=2000"]
    process.start().wait_ready()
    reader = TopicReader(kafka.bootstrap_servers, small)
    assert {record.value["data"] for record in reader.wait(300)} == set(range(300))
    assert dead.poll() == []


def test_the_key_is_made_of_the_topic_as_told(bridge, mosquitto, records):
    bridge({"topic": ["plant/+/co/+", "lab/#"], "key": "{2}-{4}"})
    publish(mosquitto.port, [("plant/north/co/7", "1"), ("lab/a/b/c", "2")])
    assert sorted((r.key, r.value["device_name"]) for r in records.wait(2)) == \
        [("a-c", "a-c"), ("north-7", "north-7")]


def test_a_retained_message_is_marked(bridge, mosquitto, records):
    publish(mosquitto.port, [("t/old", "1")], retain=True)
    bridge()
    assert records.wait(1)[0].headers["weir-mqtt-retained"] == "true"
    publish(mosquitto.port, [("t/new", "2")])
    assert "weir-mqtt-retained" not in records.wait(2)[1].headers


def test_every_mistake_is_reported_at_once(job):
    process = job("mqtt-bridge", ["--check", "--mqtt", "localhost:1883", "--topic", "a/+",
                                  "--topic", "a/b", "--key", "{x}", "--output", "a b",
                                  "--payload-max", "2MB", "--colour", "red"])
    assert process.exit_code == 2
    words = process.log_text()
    for name in ("--mqtt", "--key", "--output", "--payload-max", "--colour"):
        assert name in words
    overlap = job("mqtt-bridge", ["--check", "--topic", "a/+", "--topic", "a/b"])
    assert overlap.exit_code == 2
    assert "a/+ and a/b overlap" in overlap.log_text()
    queue = job("mqtt-bridge", ["--check", "--kafka", "queue.buffering.max.messages=10",
                                "--kafka", "queue.buffering.max.ms=20"])
    assert queue.exit_code == 2
    assert "queue.buffering.max.messages follows from --in-flight" in queue.log_text()
    assert "queue.buffering.max.ms" not in queue.log_text()
    assert job("mqtt-bridge", ["--check", "--topic", "a/+"]).exit_code == 0
