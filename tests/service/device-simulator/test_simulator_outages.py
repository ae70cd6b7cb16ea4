# SPDX-License-Identifier: Apache-2.0
"""What device-simulator promises at QoS 1 and 2 while the MQTT broker goes and comes and the
simulator itself is killed: numbered readings, counted by an independent client."""

import json
import random
import time

import outages
import pytest
from listening import ear, simulator  # noqa: F401
from support import wait_until
from weir_local import Mosquitto


@pytest.fixture
def mosquitto(run_dir):
    broker = Mosquitto(run_dir, extra=outages.SAVING).start().wait_ready()
    yield broker
    broker.stop()


@pytest.fixture
def dice():
    seed = random.randrange(2**32)
    print("seed", seed)
    return random.Random(seed)


def numbers(ear):
    """{device: the numbers of its readings as they came first}"""
    return {device: outages.first_in_order(json.loads(payload)["seq"] for payload in payloads)
            for device, payloads in ear.by_device().items()}


def disorder(seqs):
    """[(a number, the one after it)] where that is not the next."""
    return [(a, b) for a, b in zip(seqs, seqs[1:]) if b != a + 1]


@pytest.mark.parametrize("qos", [1, 2])
def test_the_broker_goes_and_comes_and_each_reading_arrives_in_order(simulator, mosquitto, ear,
                                                                     dice, qos):
    process = simulator({"devices": 10, "interval": "10ms", "qos": qos, "payload": "json",
                         "count": 1_500})
    acts = dice.sample(["stop"] * 3 + ["crash"] * 3, 6)
    for act in acts:
        before = len(ear.messages)
        wait_until(lambda: len(ear.messages) > before + 300 or not process.running, "readings")
        if act == "stop":
            mosquitto.stop()
        else:
            outages.crash(mosquitto, process, ear.messages)
        time.sleep(dice.uniform(0.05, 1.0))
        mosquitto.start().wait_ready()
    wait_until(lambda: not process.running, "end of the simulator", 60)
    assert process.exit_code == 0, process.log_tail()
    whole = {f"device{number}": 1_500 for number in range(1, 11)}
    wait_until(lambda: {device: len(seqs) for device, seqs in numbers(ear).items()} == whole,
               "every reading")
    found = {device: disorder(seqs) for device, seqs in numbers(ear).items()}
    assert found == dict.fromkeys(whole, [])
    assert "dropped" not in process.log_text()


def test_a_killed_simulator_leaves_no_gap_behind(simulator, mosquitto, ear, dice):
    """What waited in its memory is gone, younger than all that arrived."""
    for turn in range(4):
        ear.messages.clear()
        process = simulator({"devices": 10, "interval": "5ms", "qos": 1, "payload": "json"},
                            name=f"simulator-{turn}")
        wait_until(lambda: len(ear.messages) > 300, "readings")
        if turn % 2:  # so that it dies while it catches up
            mosquitto.stop()
            time.sleep(dice.uniform(0.3, 1.0))
            before = len(ear.messages)
            mosquitto.start().wait_ready()
            wait_until(lambda: len(ear.messages) > before, "readings again")
        time.sleep(dice.uniform(0.0, 0.3))
        process.kill()
        outages.wait_quiet(ear.messages)
        for device, seqs in numbers(ear).items():
            assert seqs == list(range(1, len(seqs) + 1)), device
