# SPDX-License-Identifier: Apache-2.0
"""What serial-reader promises while the MQTT broker goes and comes and the reader is killed: every
number that it has read arrives, and first comes in order."""

import random
import time

import outages
import pytest
from serial_ends import cable, listener, opens, reader  # noqa: F401
from support import wait_until
from weir_local import Mosquitto

CALIBRATION = "Ro: 4.69 kohm\r\n"
EACH = 300


@pytest.fixture
def mosquitto(run_dir):
    broker = Mosquitto(run_dir, extra=outages.SAVING).start().wait_ready()
    yield broker
    broker.stop()


def read(cable, process, first):
    """Writes EACH numbers; the reader has read them."""
    before = process.metrics()["weir_records_in_total"]
    cable.write_readings(range(first, first + EACH))
    wait_until(lambda: process.metrics()["weir_records_in_total"] == before + EACH, "readings")


def test_broker_and_reader_go_and_come_in_turn(cable, listener, mosquitto, reader):
    seed = random.randrange(2**32)
    print("seed", seed)
    dice = random.Random(seed)
    process = reader({"in-flight": 7})
    cable.write(CALIBRATION)
    turns = dice.sample([(broker, killed) for broker in ("stays", "stops", "crashes")
                         for killed in (False, True)] * 2, 12)
    for turn, (broker, killed) in enumerate(turns):
        if broker == "stops":
            mosquitto.stop()
        elif broker == "crashes":
            outages.crash(mosquitto, process, listener.messages)
        read(cable, process, turn * EACH + 1)
        if broker != "stays" and dice.random() < 0.5:  # the kill finds it on the buffer
            mosquitto.start().wait_ready()
        if killed:  # while it sends, or while it waits
            time.sleep(dice.uniform(0.0, 0.3))
            process.kill()
            process.start()
            wait_until(lambda: opens(process) == 1, "open port")
            cable.write(CALIBRATION)
        if not mosquitto.running:
            mosquitto.start().wait_ready()
    whole = list(range(1, len(turns) * EACH + 1))
    wait_until(lambda: set(listener.values()) >= set(whole), "every number", 60)
    assert outages.first_in_order(listener.values()) == whole
    assert outages.first_in_order(record["seq"] for record in listener.records()) == whole
    assert listener.records("kafka-spark-integration/device1/gap") == []
