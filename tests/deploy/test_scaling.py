# SPDX-License-Identifier: Apache-2.0
"""docs/scaling.md says what docs/scaling.py computes."""

import importlib.util
import re
import subprocess

from support import ROOT

PAGE = (ROOT / "docs" / "scaling.md").read_text()
SCRIPT = ROOT / "docs" / "scaling.py"


def load():
    spec = importlib.util.spec_from_file_location("scaling", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*words):
    return subprocess.run([SCRIPT, *words], check=True, capture_output=True, text=True).stdout


def test_the_tables_are_what_the_script_prints():
    assert run() in PAGE
    assert run("1000000") in PAGE


def test_the_numbers_are_the_scripts():
    rows = re.findall(r"^\| `([a-z-]+)` \| ([\d.]+) \|", PAGE, re.M)
    script = load()
    assert {name: float(value) for name, value in rows} == script.MEASURED | script.ASSUMED


def test_the_commands_of_the_page_work():
    commands = re.findall(r"^docs/scaling\.py (.+)$", PAGE, re.M)
    assert commands
    for words in commands:
        assert len(run(*words.split()).splitlines()) > 10


def test_twice_the_load_needs_twice_of_everything_but_a_rest():
    script = load()
    numbers = script.MEASURED | script.ASSUMED
    once, twice = ({what: value for what, value, _ in script.plan(rate, numbers)}
                   for rate in (3e6, 6e6))
    for what in ("MQTT brokers", "bridges", "aggregators", "Kafka brokers"):
        assert 2 * once[what] - 1 <= twice[what] <= 2 * once[what], what
    assert twice["partitions of the input"] == 2 * twice["aggregators"]
    assert twice["open windows of an aggregator"] <= once["open windows of an aggregator"] * 1.1
