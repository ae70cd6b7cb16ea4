# SPDX-License-Identifier: Apache-2.0
"""The real sketch on a simulated ATmega328P, its UART read by the real serial-reader: the values
that reach a real mosquitto are those the formula gives for the voltages at the sensor's pin."""

import re

import pytest
from support import wait_until
from serial_ends import board, co_ppm, listener, opens, reader, rejected  # noqa: F401

CLEAN_AIR_MV = 489
SPEED = ["--speed", "4"]


def close(value, expected):
    """The microcontroller computes with 32 bits, and prints two decimals."""
    return value == pytest.approx(expected, rel=1e-4, abs=0.006)


def wait_for_value(listener, expected):
    """The sketch takes five samples for a value: one of them may still be of the old voltage."""
    before = len(listener.messages)
    wait_until(lambda: any(close(v, expected) for v in listener.values()[before:]),
               f"value {expected:.2f} after {listener.values()[-3:]}")


def test_the_formula_predicts_what_arrives(board, listener, reader):
    uno = board("--set", f"3={CLEAN_AIR_MV}", *SPEED)
    process = reader()
    process.wait_ready()
    for millivolts in (1955, 1500, 1700, 1800, 1980, 489, 2500, 0):
        uno.set_millivolts(3, millivolts)
        wait_for_value(listener, co_ppm(millivolts, CLEAN_AIR_MV))
    records = listener.records()
    assert [record["seq"] for record in records] == list(range(1, len(records) + 1))
    assert all(re.fullmatch(r"-?\d+\.\d\d?", str(record["data"])) for record in records)


def test_the_first_line_is_the_calibration(board, listener, reader):
    uno = board("--set", f"3={CLEAN_AIR_MV}", *SPEED)
    process = reader()
    process.wait_ready()
    uno.press_reset()
    wait_until(lambda: process.metrics()["weir_calibrations_total"] >= 1, "calibration")
    wait_until(lambda: close(process.metrics()["weir_calibration_ro_kohm"], 4.69), "Ro of 4.69")


def test_values_the_sketch_cannot_print_are_rejected_by_name(board, listener, reader):
    uno = board("--set", f"3={CLEAN_AIR_MV}", *SPEED)
    process = reader()
    process.wait_ready()
    uno.set_millivolts(3, 5000)
    wait_until(lambda: rejected(process).get("infinite", 0) > 0, "line inf")
    uno.set_millivolts(3, 4990)
    wait_until(lambda: rejected(process).get("overflow", 0) > 0, "line ovf")
    uno.set_millivolts(3, 0)
    uno.press_reset()
    wait_until(lambda: rejected(process).get("not_a_number", 0) > 0, "line nan")
    assert all(value < 4294967040 for value in listener.values())


def test_a_board_that_loses_power_comes_back(board, listener, reader):
    first = board("--set", f"3={CLEAN_AIR_MV}", *SPEED)
    process = reader({"silence": "5s"})
    process.wait_ready()
    first.set_millivolts(3, 1955)
    wait_for_value(listener, co_ppm(1955, CLEAN_AIR_MV))
    first.power_off()
    wait_until(lambda: not process.ready(), "report that the board is gone")
    second = board("--set", f"3={CLEAN_AIR_MV}", *SPEED)
    process.wait_ready()  # it has calibrated itself
    second.set_millivolts(3, 1700)
    wait_for_value(listener, co_ppm(1700, CLEAN_AIR_MV))
    assert opens(process) == 2


def test_the_demonstration_profile_gives_living_values(board, listener, reader, pytestconfig):
    profile = pytestconfig.rootpath.parent / "firmware/mq2_co_reader/room.profile"
    board("--profile", profile, "--speed", "0")
    reader()
    # A quarter of a second of computing for each, which a busy machine makes the more of.
    wait_until(lambda: len(listener.values()) >= 15, "15 values", 90)
    assert all(0 <= value < 1500 for value in listener.values())
    assert len(set(listener.values())) > 10
