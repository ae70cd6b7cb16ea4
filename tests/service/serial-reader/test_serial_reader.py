# SPDX-License-Identifier: Apache-2.0
"""serial-reader, the real binary, between a pseudo terminal and a real mosquitto: what is read
arrives, whatever happens to the cable, the broker and the process."""

import random
import re
import signal
import time

import pytest

from outages import first_in_order
from support import wait_until
from serial_ends import (Listener, cable, listener, opens, reader, reader_options,  # noqa: F401
                         rejected)
from weir_local import Mosquitto

CALIBRATION = "Ro: 4.69 kohm\r\n"


def numbers(first, last):
    return [i + 0.25 for i in range(first, last + 1)]


def wait_for_values(listener, expected, timeout=30.0):
    wait_until(lambda: set(expected) <= set(listener.values()), f"{len(expected)} values", timeout)


def test_readings_arrive_with_their_time_and_number(cable, listener, reader):
    process = reader()
    began = time.time()
    cable.write(CALIBRATION)
    cable.write_readings(numbers(1, 20))
    wait_for_values(listener, numbers(1, 20))
    ended = time.time()
    records = listener.records()
    assert [record["data"] for record in records] == numbers(1, 20)
    assert [record["seq"] for record in records] == list(range(1, 21))
    assert {record["device_name"] for record in records} == {"device1"}
    stamps = [record["timestamp"] for record in records]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?", s) for s in stamps)
    assert stamps == sorted(stamps)
    utc = "%Y-%m-%d %H:%M:%S.%f"
    assert time.strftime(utc[:-3], time.gmtime(began)) <= stamps[0]
    assert stamps[-1] <= time.strftime(utc[:-3], time.gmtime(ended + 1))
    process.wait_ready()


def test_the_payload_may_be_the_bare_number(cable, listener, reader):
    reader({"payload": "number"})
    cable.write(CALIBRATION + "863.85\r\n0.00\r\n26160.56\r\n")
    wait_until(lambda: len(listener.payloads()) == 3, "three numbers")
    assert listener.payloads() == ["863.850", "0.000", "26160.560"]


def test_garbage_does_not_pass_and_is_counted(cable, listener, reader):
    process = reader({"line-max": "64"})
    cable.write(CALIBRATION)
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    noise = bytes(rng.choice([b for b in range(256) if b not in b"\r\n"]) for _ in range(60))
    expected = []
    for i, rubbish in enumerate([b"\x00" + noise, b"x" * 100_000, b"", b"849", b"849.6\xff", b"inf",
                                 b"nan", b"ovf", b"849.63849.63", b"849.63 849.63", b"Ro: 4.69"]):
        cable.write(rubbish + b"\r\n")
        cable.write_readings([i + 0.5])
        expected.append(i + 0.5)
    wait_for_values(listener, expected)
    assert listener.values() == expected
    assert rejected(process) == {"noise": 2, "too_long": 1, "empty": 1, "malformed": 4,
                                 "infinite": 1, "not_a_number": 1, "overflow": 1}


def test_a_line_that_was_not_seen_whole_is_no_reading(cable, listener, reader):
    process = reader()
    cable.write("9.63\r\n")  # the end of 849.63
    cable.write_readings(numbers(1, 2))
    cable.write("84")  # the beginning of 849.63
    wait_for_values(listener, numbers(1, 2))
    cable.pull_out()
    cable.plug_in()
    wait_until(lambda: opens(process) == 2, "port open again")
    cable.write("9.63\r\n")
    cable.write_readings(numbers(3, 4))
    wait_for_values(listener, numbers(3, 4))
    assert listener.values() == numbers(1, 4)
    assert rejected(process) == {"half_line": 3}


def test_unplugging_is_reported_and_plugging_in_again_is_enough(cable, listener, reader):
    process = reader()
    cable.write(CALIBRATION)
    cable.write_readings(numbers(1, 3))
    process.wait_ready()
    for turn in range(1, 4):
        cable.pull_out()
        wait_until(lambda: not process.ready(), "report that the port is gone", 5)
        assert process.get("/healthz")[0] == 200
        assert str(cable.path) in str(process.readiness())
        cable.plug_in()
        wait_until(lambda: opens(process) == 1 + turn, "open port")
        cable.write(CALIBRATION)
        cable.write_readings(numbers(10 * turn + 1, 10 * turn + 3))
        process.wait_ready()
    expected = [v for turn in range(4) for v in numbers(10 * turn + 1, 10 * turn + 3)]
    wait_for_values(listener, expected)
    assert listener.values() == expected
    assert [record["seq"] for record in listener.records()] == list(range(1, len(expected) + 1))


def test_a_port_that_is_not_there_yet_is_waited_for(cable, service, mosquitto, listener, run_dir):
    cable.pull_out()
    process = service("serial-reader", {"port": cable.path, "mqtt": mosquitto.url, "reopen-max":
                                        "200ms", "buffer": run_dir / "buffer"}, wait=False)
    wait_until(lambda: "No such file" in str(process.readiness()), "report that there is no port")
    cable.plug_in()
    wait_until(lambda: opens(process) == 1, "open port")
    cable.write(CALIBRATION)
    process.wait_ready()


def test_silence_is_reported_until_a_reading_comes(cable, reader):
    process = reader({"silence": "500ms"})
    cable.write(CALIBRATION + "1.00\r\n")
    process.wait_ready()
    wait_until(lambda: "no reading for 500ms" in str(process.readiness()), "report of silence", 5)
    cable.write("849\r\n")
    wait_until(lambda: "malformed" in str(process.readiness()), "reason of the silence", 5)
    cable.write("2.00\r\n")
    process.wait_ready()


def test_a_second_reader_of_the_same_port_waits(cable, reader, service, mosquitto, run_dir):
    reader()
    second = service("serial-reader", {"port": cable.path, "mqtt": mosquitto.url,
                                       "buffer": run_dir / "other"}, name="second", wait=False)
    wait_until(lambda: "another process reads it" in str(second.readiness()), "refusal")


def test_a_second_reader_of_the_same_buffer_is_refused(cable, reader, service, run_dir):
    reader()
    second = service("serial-reader", {"port": "/dev/null", "buffer": run_dir / "buffer"},
                     name="second", wait=False)
    assert second.finish(10) == 1
    assert "another process uses it" in second.log_text()


def test_nothing_is_lost_while_the_broker_is_away(cable, listener, mosquitto, reader):
    process = reader()
    cable.write(CALIBRATION)
    cable.write_readings(numbers(1, 10))
    wait_for_values(listener, numbers(1, 10))
    mosquitto.stop()
    wait_until(lambda: not process.ready(), "report that the broker is away")
    cable.write_readings(numbers(11, 500))
    wait_until(lambda: process.metrics()["weir_records_in_total"] == 500, "500 readings")
    written = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 1))
    mosquitto.start().wait_ready()
    cable.write_readings(numbers(501, 510))
    wait_for_values(listener, numbers(1, 510))
    assert first_in_order(listener.values()) == numbers(1, 510)
    stamps = {record["seq"]: record["timestamp"] for record in listener.records()}
    assert stamps[500] <= written, "the time is that of the reading, not of the sending"
    process.wait_ready()
    wait_until(lambda: process.metrics()["weir_buffer_records"] == 0, "empty buffer")


def test_what_the_broker_refuses_is_kept_until_it_may(cable, run_dir, service):
    rights = run_dir / "acl"
    rights.write_text("topic read #\n")
    mosquitto = Mosquitto(run_dir, extra=f"acl_file {rights}").start().wait_ready()
    try:
        listener = Listener(mosquitto.port)
        process = service("serial-reader", reader_options(run_dir, mosquitto), wait=False)
        wait_until(lambda: opens(process) == 1, "open port")
        cable.write(CALIBRATION)
        cable.write_readings(numbers(1, 5))
        wait_until(lambda: "refuses readings" in str(process.readiness()), "report of the refusal")
        rights.write_text("topic readwrite #\n")
        mosquitto.signal(signal.SIGHUP)
        wait_for_values(listener, numbers(1, 5))
        assert first_in_order(listener.values()) == numbers(1, 5)
        process.wait_ready()
        listener.close()
    finally:
        mosquitto.stop()


def test_a_full_buffer_drops_the_oldest_and_says_so(cable, listener, mosquitto, reader):
    process = reader({"buffer-size": "64KiB"})  # 2048 readings
    mosquitto.stop()
    cable.write(CALIBRATION)
    cable.write_readings(numbers(1, 5000))
    wait_until(lambda: process.metrics()["weir_records_in_total"] == 5000, "5000 readings")
    mosquitto.start().wait_ready()
    wait_for_values(listener, [5000.25])
    records, gaps = listener.records(), listener.records("kafka-spark-integration/device1/gap")
    arrived = first_in_order([record["seq"] for record in records])
    assert len(arrived) > 1900
    assert arrived == list(range(5001 - len(arrived), 5001))
    gap = first_in_order([(g["gap"]["first_seq"], g["gap"]["last_seq"]) for g in gaps])
    assert gap == [(1, 5000 - len(arrived))]
    assert gaps[0]["gap"]["before"] == records[0]["timestamp"]
    dropped = process.metrics()['weir_records_dropped_total{reason="buffer_full"}']
    assert dropped == 5000 - len(arrived)


def test_whether_the_reader_is_there_is_said_by_itself_and_by_the_broker(listener, reader, cable,
                                                                         job):
    topic = "kafka-spark-integration/device1/status"
    process = reader({"status-topic": topic})
    wait_until(lambda: listener.payloads(topic) == ["online"], "the birth")
    process.kill()
    wait_until(lambda: listener.payloads(topic) == ["online", "offline"], "the will")
    process.start()
    wait_until(lambda: len(listener.payloads(topic)) == 3, "the second birth")
    assert process.stop() == 0
    wait_until(lambda: listener.payloads(topic) == ["online", "offline"] * 2, "the last word")
    checked = job("serial-reader", ["--check", "--status-topic", "kafka-spark-integration/status"])
    assert checked.exit_code == 2 and "where readings" in checked.log_text()


def test_a_killed_reader_sends_what_it_had_read(cable, listener, mosquitto, reader):
    process = reader()
    mosquitto.stop()
    cable.write(CALIBRATION)
    for turn in range(3):
        cable.write_readings(numbers(100 * turn + 1, 100 * turn + 100))
        wait_until(lambda: process.metrics()["weir_records_in_total"] == 100, "100 readings")
        process.kill()
        process.start()
        wait_until(lambda: opens(process) == 1, "open port")
        cable.write(CALIBRATION)
    mosquitto.start().wait_ready()
    wait_for_values(listener, numbers(1, 300))
    assert first_in_order(listener.values()) == numbers(1, 300)
    assert first_in_order([r["seq"] for r in listener.records()]) == list(range(1, 301))


def test_kills_while_sending_lose_nothing_and_keep_the_order(cable, listener, mosquitto, reader):
    """Duplicates are allowed: what was sent and not yet noted is sent again."""
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    process = reader({"in-flight": 7})
    mosquitto.stop()
    cable.write(CALIBRATION)
    cable.write_readings(numbers(1, 20_000))
    wait_until(lambda: process.metrics()["weir_records_in_total"] == 20_000, "20000 readings")
    process.kill()
    mosquitto.start().wait_ready()
    kills = 0

    def complete():
        return listener.messages and '"data":20000.25' in listener.messages[-1][1]
    while not complete():
        before = len(listener.messages)
        process.start()
        if kills % 2:  # so that it goes on where a start takes longer than most lives
            wait_until(lambda: len(listener.messages) > before or complete(), "a message")
        time.sleep(rng.uniform(0.02, 0.25))  # the moment of the kill is what is tried
        process.kill()
        kills += 1
        assert kills < 300
    print("kills", kills, "messages", len(listener.values()))
    assert first_in_order(listener.values()) == numbers(1, 20_000)


def test_a_stop_is_quick_and_repeats_nothing(cable, listener, mosquitto, reader):
    process = reader()
    cable.write(CALIBRATION)
    cable.write_readings(numbers(1, 50))
    wait_for_values(listener, numbers(1, 50))
    began = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - began < 3
    process.start()
    wait_until(lambda: opens(process) == 1, "open port")
    cable.write(CALIBRATION)
    cable.write_readings(numbers(51, 60))
    wait_for_values(listener, numbers(51, 60))
    assert listener.values() == numbers(1, 60)

    mosquitto.stop()
    cable.write_readings(numbers(61, 70))
    wait_until(lambda: process.metrics()["weir_records_in_total"] == 20, "10 more readings")
    began = time.monotonic()
    assert process.stop() == 0
    assert time.monotonic() - began < 3
    mosquitto.start().wait_ready()
    process.start()
    wait_for_values(listener, numbers(61, 70))


@pytest.mark.parametrize("options, words", [
    (["--baud", "9601"], ["--baud", "9601"]),
    (["--framing", "9N1", "--device", "a/b"], ["--framing", "9N1", "--device", "a/b"]),
    (["--buffer-size", "1KiB"], ["--buffer-size", "64KiB"]),
    (["--topic-prefix", "air/#"], ["--topic-prefix", "air/#"]),
    (["--prot", "/dev/ttyACM1"], ["--prot", "port"]),
])
def test_check_names_every_mistake(job, options, words):
    done = job("serial-reader", ["--check", *options])
    assert done.exit_code == 2
    for word in words:
        assert word in done.log_text()


def test_check_accepts_the_defaults_and_opens_nothing(job):
    assert job("serial-reader", ["--check", "--port", "/nonexistent"]).exit_code == 0
